"""The published Keras model's trained weights and results, and their conversion to this project's network.

`keras_tutorial.npz` holds the 14 trained arrays of TensorFlow's CVAE tutorial in Keras's layouts, 64 images
and 64 latents with that model's outputs for them, and its means over the 10,000 test images.
"""

from pathlib import Path

import numpy as np
import torch

from training.model import ConvVAE

REFERENCE_FILE = Path(__file__).with_name("keras_tutorial.npz")


def reference() -> dict[str, np.ndarray]:
    """All arrays of the file by name."""
    with np.load(REFERENCE_FILE, allow_pickle=False) as file:
        return dict(file)


def carry_over(arrays: dict[str, np.ndarray], mirrored: bool = True) -> ConvVAE:
    """A ConvVAE with the Keras weights.

    The decoder's weights are flipped in both spatial directions, because this project's decoder works on
    mirrored images. With `mirrored` False, which is wrong, only the order of the axes is changed.
    """

    def flipped(array: np.ndarray, *spatial_axes: int) -> np.ndarray:
        return np.flip(array, spatial_axes) if mirrored else array

    state = {}
    for ours, theirs in (("conv1", "conv2d"), ("conv2", "conv2d_1")):
        kernel = arrays[f"encoder/{theirs}/kernel"]  # row, column, in, out
        state[f"encoder.{ours}.weight"] = kernel.transpose(3, 2, 0, 1)
        state[f"encoder.{ours}.bias"] = arrays[f"encoder/{theirs}/bias"]
    features = arrays["encoder/dense/kernel"].reshape(6, 6, 64, 4)  # row, column, channel, out
    state["encoder.dense.weight"] = features.transpose(3, 2, 0, 1).reshape(4, -1)
    state["encoder.dense.bias"] = arrays["encoder/dense/bias"]

    start = arrays["decoder/dense/kernel"].reshape(2, 7, 7, 32)  # in, row, column, channel
    state["decoder.dense.weight"] = flipped(start, 1, 2).transpose(3, 1, 2, 0).reshape(-1, 2)
    start_bias = arrays["decoder/dense/bias"].reshape(7, 7, 32)
    state["decoder.dense.bias"] = flipped(start_bias, 0, 1).transpose(2, 0, 1).reshape(-1)
    for ours, suffix in (("conv1", ""), ("conv2", "_1"), ("conv3", "_2")):
        kernel = arrays[f"decoder/conv2d_transpose{suffix}/kernel"]  # row, column, out, in
        state[f"decoder.{ours}.weight"] = flipped(kernel, 0, 1).transpose(3, 2, 0, 1)
        state[f"decoder.{ours}.bias"] = arrays[f"decoder/conv2d_transpose{suffix}/bias"]

    model = ConvVAE()
    model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in state.items()})
    return model.eval()
