"""The open model and the view's state over time: uses Qt's event loop, but no widgets."""
