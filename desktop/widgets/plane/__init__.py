"""The latent plane: drawn in layers, with mouse and keys on it."""
