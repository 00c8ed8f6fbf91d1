"""The plane as a figure for a paper: its parts, its layout, and its drawing as PNG, SVG and PDF. No Qt."""
