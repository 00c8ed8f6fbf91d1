"""The encoder's posterior of the held-out images, as arrays in one `posterior.npz`."""

import io
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.containers import BundleError, check_zip_directory

MAX_ARRAYS_BYTES = 256 << 20  # all together, unpacked
MAX_IMAGES_BYTES = 512 << 20  # of the images, with a byte per pixel
MAX_LABELS = 1 << 16
# zipfile, zlib, lzma and numpy raise these for bad bytes. RuntimeError means encryption or an unknown method.
ARRAY_ERRORS = (
    OSError,
    ValueError,
    EOFError,
    OverflowError,
    MemoryError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


@dataclass(frozen=True)
class Posterior:
    """The encoder's posterior of the held-out images.

    Attributes:
        mean: float32 [N, d].
        logvar: float32 [N, d].
        images: uint8 [N, C, H, W] from 0 to `levels` − 1, or None if the file holds none.
        labels: uint8 or int32 [N], or None if the file holds none.
        levels: how many values a pixel can have, 2 or 256.
    """

    mean: NDArray[np.float32]
    logvar: NDArray[np.float32]
    images: NDArray[np.uint8] | None = None
    labels: NDArray[np.uint8] | NDArray[np.int32] | None = None
    levels: int = 2


def pack_posterior(posterior: Posterior) -> bytes:
    """The bytes of a posterior.npz. Images of two levels are packed to bits."""
    arrays: dict[str, NDArray[Any]] = {"mean": posterior.mean, "logvar": posterior.logvar}
    if posterior.images is not None and posterior.levels != 2:
        arrays["images"] = posterior.images
    elif posterior.images is not None:
        arrays["images_packed"] = np.packbits(posterior.images.reshape(len(posterior.images), -1), axis=1)
    if posterior.labels is not None:
        arrays["labels"] = posterior.labels
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def unpack_posterior(
    data: bytes, image_shape: tuple[int, int, int], latent_dim: int, where: str, levels: int = 2
) -> Posterior:
    """Read what `pack_posterior` wrote for images with so many levels. `where` names the file in messages.

    Raises BundleError if arrays are missing, have other shapes, or are not numbers.
    """
    arrays = _load_arrays(data, where)
    for name in ("mean", "logvar"):
        if name not in arrays:
            raise BundleError(f"{where}: found no array {name}, expected float32 [N, {latent_dim}]")
    count = len(arrays["mean"]) if arrays["mean"].ndim else 0
    bits = int(np.prod(image_shape))
    is_long = "labels" in arrays and arrays["labels"].dtype == np.int32
    labels_dtype = np.int32 if is_long else np.uint8
    expected: dict[str, tuple[Any, tuple[int, ...]]] = {
        "mean": (np.float32, (count, latent_dim)),
        "logvar": (np.float32, (count, latent_dim)),
        "labels": (labels_dtype, (count,)),
    }
    if levels == 2:
        expected["images_packed"] = (np.uint8, (count, -(-bits // 8)))
    else:
        expected["images"] = (np.uint8, (count, *image_shape))
    for name, (dtype, shape) in expected.items():
        if name in arrays and (arrays[name].dtype != dtype or arrays[name].shape != shape):
            raise BundleError(
                f"{where}: found {name} {arrays[name].dtype} {list(arrays[name].shape)}, "
                f"expected {np.dtype(dtype)} {list(shape)}"
            )
    if not all(np.isfinite(arrays[name]).all() for name in ("mean", "logvar")):
        raise BundleError(f"{where}: found means or log-variances that are not finite, expected numbers")
    labels = arrays.get("labels")
    if labels is not None and count and not 0 <= labels.min() <= labels.max() < MAX_LABELS:
        raise BundleError(
            f"{where}: found labels from {labels.min()} to {labels.max()}, expected numbers from 0 to "
            f"{MAX_LABELS - 1:,}"
        )
    if levels != 2:
        return Posterior(arrays["mean"], arrays["logvar"], arrays.get("images"), labels, levels)
    packed = arrays.get("images_packed")
    if packed is not None and count * bits > MAX_IMAGES_BYTES:
        raise BundleError(
            f"{where}: found {count:,} images of {bits:,} bits, expected at most {MAX_IMAGES_BYTES:,} bits "
            "in all; export fewer"
        )
    images = (
        None if packed is None else np.unpackbits(packed, axis=1, count=bits).reshape(count, *image_shape)
    )
    return Posterior(arrays["mean"], arrays["logvar"], images, labels)


def _load_arrays(data: bytes, where: str) -> dict[str, NDArray[Any]]:
    try:
        check_zip_directory(io.BytesIO(data), where)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            total = sum(entry.file_size for entry in archive.infolist())
        if total > MAX_ARRAYS_BYTES:
            raise BundleError(
                f"{where}: found {total:,} bytes of arrays, expected at most {MAX_ARRAYS_BYTES:,}"
            )
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except ARRAY_ERRORS as error:
        raise BundleError(f"{where}: {error}; expected arrays written by numpy.savez") from error
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):  # numpy returns a file without an array's header as bytes
            raise BundleError(
                f"{where}: found that {name} is not an array, expected one written by numpy.savez"
            )
    return arrays
