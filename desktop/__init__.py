"""Explore a model's latent space. Needs ONNX Runtime and Qt, but neither PyTorch nor `training`."""

import os
import sys

# `python -m` puts the current folder first on the path, and a stranger's folder may hold a `json.py`. So it
# leaves the path, unless it is the checkout. No pathlib here: it would be imported from that folder.
_CHECKOUT = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120
if sys.argv[:1] == ["-m"] and not sys.flags.safe_path and sys.path[:1] != [_CHECKOUT]:
    del sys.path[0]

# Without this, ONNX Runtime writes paths and the processor's name into the user's cache and looks up a host.
# It reads the variable when it is imported, so it is set before any module of this package is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
