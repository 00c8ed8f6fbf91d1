"""Export a run as a bundle. `export.bundle` is the format and needs no PyTorch; the rest uses `training`."""

import os

# Without this, ONNX Runtime writes paths and the processor's name into the user's cache and looks up a host.
# It reads the variable when it is imported, so it is set before any module of this package is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
