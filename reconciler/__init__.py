"""Campaigns as code: declare outbound voice campaigns in YAML, plan a change, apply it without calling anybody twice."""

__version__ = "0.1.0"
