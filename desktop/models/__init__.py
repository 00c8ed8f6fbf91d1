"""Models that run. Only this package and the trial's own process import ONNX Runtime."""
