"""Compliance profiles: rules about calls as data, and what of a campaign would break them. A lint, not legal advice."""
