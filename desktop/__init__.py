"""Explore a bundle's latent space. Needs ONNX Runtime and Qt; neither PyTorch nor `training`."""
