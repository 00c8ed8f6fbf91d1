"""Helpers that all widgets share."""
