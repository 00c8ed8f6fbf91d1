"""Converts arrays to pictures and back. No Qt."""
