"""Inspects and tries a bundle's graphs before they are loaded: a bundle may come from a stranger. No Qt."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from desktop.base.errors import ModelError
from desktop.base.shipped import shipped_bundle
from desktop.models.first_decode import FirstDecode, first_decode
from desktop.reading import tensors
from desktop.reading.reading import EncoderReading, Layout, Reading, Spread, ValueRange
from desktop.reading.trial_z import trial_z
from desktop.vetting.onnx_file import read_model_file
from desktop.vetting.opening import Opening, OpeningStoppedError
from desktop.vetting.trial import Trial
from export.bundle import MANIFEST_FILE, Bundle, BundleError

# SHA-256 of the graphs of bundles that were tried since the program started, because one trial is enough,
# with the first pictures of slow decoders. Only the latest pictures are kept: a bundle may have hundreds of
# epochs.
_tried: dict[bytes, FirstDecode | None] = {}
MOST_FIRST_PICTURES = 16


def bundle_encoder_reading(bundle: Bundle) -> EncoderReading:
    """The reading of a bundle's encoder, which the bundle format determines."""
    return EncoderReading(
        x_input="x",
        x_dtype="float32",
        layout=Layout.NCHW,
        image_shape=bundle.image_shape,
        value_range=ValueRange.UNIT,
        batch=None,
        mean_output="mean",
        spread_output="logvar",
        spread=Spread.LOGVAR,
        latent_dim=bundle.latent_dim,
    )


def try_graphs(
    bundle: Bundle,
    reading: Reading,
    decoder: tuple[str, bytes],
    encoder: tuple[str, bytes | None],
    opening: Opening,
) -> FirstDecode | None:
    """Inspect and try a bundle's decoder and encoder, each given with its name in the bundle.

    Returns the first picture of a slow decoder. It is decoded at the prior's mean, where a bundle's view
    starts.
    """
    first = _try_graph(bundle, *decoder, tensors.feeds(reading, trial_z(reading)[:1]), opening, reading)
    name, graph = encoder
    if graph is not None:
        x = np.zeros((1, *bundle.image_shape), np.float32)
        _try_graph(bundle, name, graph, tensors.encoder_feeds(bundle_encoder_reading(bundle), x), opening)
    return first


def _try_graph(
    bundle: Bundle,
    name: str,
    graph: bytes,
    feeds: dict[str, Any],
    opening: Opening,
    reading: Reading | None = None,
) -> FirstDecode | None:
    """Inspect and try a graph before it is loaded, because a bundle may come from a stranger.

    A `reading` is given for a decoder. Returns the decoder's first picture if it is slow.
    """
    where = Path(f"{bundle.path}: {name}")
    kind = name.rpartition("/")[2]  # the manifest names the tensors of an epoch's graph once for all epochs
    facts = bundle.tensors(kind)
    if facts is None:
        raise BundleError(
            f"{bundle.path}: {MANIFEST_FILE}: found no valid tensors of {kind}, expected them because there "
            f"is {name}; export it again"
        )
    try:
        file = read_model_file(where, graph)
    except ModelError as error:  # its message says what to do
        raise BundleError(str(error)) from error
    for side, declared in (("inputs", file.inputs), ("outputs", file.outputs)):
        found = [_in_words(t.name, t.dtype, t.shape or ()) for t in declared]
        expected = [_in_words(t["name"], t["dtype"], t["shape"]) for t in facts[side]]
        if found != expected:
            raise BundleError(
                f"{where}: found the {side} {', '.join(found)}, expected {', '.join(expected)}, "
                "as the manifest says; export it again"
            )
    sha256 = hashlib.sha256(graph).digest()
    if sha256 not in _tried and bundle.path.resolve() != shipped_bundle().resolve():
        shapes = {key: array.shape for key, array in feeds.items()}
        first = None
        try:
            with Trial(graph, str(where), file=file, shapes=shapes, opening=opening) as trial:
                trial.run(feeds, [tensor.name for tensor in file.outputs])
                if reading is not None and trial.is_slow:
                    first = first_decode(trial, reading)
        except OpeningStoppedError:
            raise
        except ModelError as error:
            raise BundleError(f"{error}; export it again") from error
        if first is not None and np.isnan(first.picture).all():
            raise BundleError(f"{where}: found only NaN in its first picture, expected numbers")
        _tried[sha256] = first
        slow = [key for key, picture in _tried.items() if picture is not None]
        for key in slow[:-MOST_FIRST_PICTURES]:
            del _tried[key]
    return _tried.get(sha256)


def _in_words(name: str, dtype: str, shape: Sequence[int | str | None]) -> str:
    sizes = ", ".join(str(size) if isinstance(size, int) else "N" for size in shape)
    return f"{name} {dtype} [{sizes}]"
