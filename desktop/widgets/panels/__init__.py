"""What stands beside the plane: shows a state, and says by signals what people want."""
