"""The window's parts, one file each. They know state and geometry, never ONNX Runtime."""
