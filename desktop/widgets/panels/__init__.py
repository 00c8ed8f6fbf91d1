"""The panels beside the plane: they show the state, and emit signals for the changes that people want."""
