"""Models that run. Nothing else imports ONNX Runtime, but for the trial's own process."""
