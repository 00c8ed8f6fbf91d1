"""The panels beside the plane: they show the state, and emit signals for what people want to change."""
