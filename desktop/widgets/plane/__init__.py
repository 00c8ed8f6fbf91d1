"""The latent plane: its layers, and its mouse and keyboard gestures."""
