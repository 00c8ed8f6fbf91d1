"""Train a convolutional variational autoencoder with PyTorch. Imports neither `export` nor `desktop`."""
