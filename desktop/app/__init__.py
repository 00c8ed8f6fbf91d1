"""The open model and the state over time, on Qt's event loop but without widgets."""
