"""Foundations of the viewer: files, machine, command line, errors, array types. No models, no pictures."""
