"""Explore a model's latent space. Needs ONNX Runtime and Qt; neither PyTorch nor `training`."""

import os

# ONNX Runtime otherwise writes paths and the processor's name into the user's cache, and looks up a host.
# It reads this when it is imported, so it stands before every module of this package.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
