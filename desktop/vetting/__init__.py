"""Inspects and tries out untrusted model files."""
