"""Animations: frames, captions, and the files they are written to."""
