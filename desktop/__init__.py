"""Explore a model's latent space. Needs ONNX Runtime and Qt, but neither PyTorch nor `training`."""

import os

# Without this, ONNX Runtime writes paths and the processor's name into the user's cache and looks up a host.
# It reads the variable when it is imported, so it is set before any module of this package is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
