"""Train a convolutional variational autoencoder with PyTorch. Imports neither `export` nor `desktop`."""

import os
import sys

# `python -m` puts the current folder first on the path, and a stranger's folder may hold a `json.py`. So it
# leaves the path, unless it is the checkout. No pathlib here: it would be imported from that folder.
_CHECKOUT = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120
if sys.argv[:1] == ["-m"] and not sys.flags.safe_path and sys.path[:1] != [_CHECKOUT]:
    del sys.path[0]
