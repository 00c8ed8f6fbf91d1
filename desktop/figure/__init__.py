"""The plane as a figure for a paper: what is on it, its layout, and its drawing as PNG and SVG. No Qt."""
