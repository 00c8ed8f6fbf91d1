"""Looks at a model file from a stranger without trusting it."""
