"""The embedded binarized MNIST.

MNIST is by Yann LeCun, Corinna Cortes and Christopher J. C. Burges and is shared under the Creative
Commons Attribution-ShareAlike 3.0 licence (https://creativecommons.org/licenses/by-sa/3.0/). `mnist.xz`
beside this file is derived from it, thresholded at pixel/255 > 0.5, and is under the same licence.
"""

import hashlib
import lzma
from pathlib import Path

import numpy as np

from training.data.dataset import Dataset, DatasetError

TRAIN_COUNT, TEST_COUNT = 60_000, 10_000
SIDE_PX = 28
EMBEDDED_MNIST = Path(__file__).with_name("mnist.xz")
# The hash of the unpacked bytes: the bits of all images, the training part first, then all labels.
MNIST_SHA256 = "1ed78d835d8742ca662bfbc21257950328b445cb5d9c03e9dad5d0861200e72e"


def mnist() -> Dataset:
    """The embedded MNIST: 60,000 + 10,000 images of 1 × 28 × 28, thresholded at pixel/255 > 0.5.

    Raises DatasetError if the file beside this module is missing or damaged.
    """
    try:
        packed = lzma.decompress(EMBEDDED_MNIST.read_bytes())
    except (OSError, lzma.LZMAError) as error:
        raise DatasetError(
            f"{EMBEDDED_MNIST}: {error}; expected the embedded MNIST; install the package again"
        ) from error
    found = hashlib.sha256(packed).hexdigest()
    if found != MNIST_SHA256:
        raise DatasetError(
            f"{EMBEDDED_MNIST}: found SHA-256 {found[:12]}…, expected {MNIST_SHA256[:12]}…; "
            "install the package again"
        )
    count = TRAIN_COUNT + TEST_COUNT
    data = np.frombuffer(packed, np.uint8)
    bits = np.unpackbits(data[: count * SIDE_PX * SIDE_PX // 8])
    images, labels = bits.reshape(count, 1, SIDE_PX, SIDE_PX), data[-count:].copy()
    return Dataset(
        name="MNIST, binarized at 0.5",
        label_names=tuple("0123456789"),
        train_images=images[:TRAIN_COUNT],
        train_labels=labels[:TRAIN_COUNT],
        test_images=images[TRAIN_COUNT:],
        test_labels=labels[TRAIN_COUNT:],
    )
