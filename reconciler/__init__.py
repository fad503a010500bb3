"""Campaigns as code: outbound voice campaigns declared in YAML, planned, and applied without calling anybody twice."""

__version__ = "0.1.0"
