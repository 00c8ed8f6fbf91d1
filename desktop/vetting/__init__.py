"""Inspect and try a stranger's model file without trusting it."""
