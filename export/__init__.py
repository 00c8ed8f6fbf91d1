"""Turn a run into a bundle. `export.bundle` is the format and needs no PyTorch; the rest reads `training`."""
