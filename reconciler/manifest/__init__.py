"""Manifests: YAML documents in, campaigns or a list of everything wrong with them out."""
