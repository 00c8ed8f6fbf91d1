"""Animations: their frames, captions and file formats."""
