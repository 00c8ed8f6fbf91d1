"""Recover the trained weights from a decoder in phases, to check it independently."""

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from export.phased_decoder import PHASES, TAPS


def decoder_state(graph: onnx.ModelProto) -> dict[str, Tensor]:
    """The state_dict of the `training.model.Decoder` from which `phased_decoder` made the graph."""
    held = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.graph.initializer}
    _, first, height, width = held["start_shape"]
    channels = len(held["conv3.bias"]) // len(PHASES)
    state = {
        f"dense.{name}": np.flip(held[f"dense.{name}"].reshape(first, height, width, -1), (1, 2))
        for name in ("weight", "bias")
    }
    state["dense.weight"] = state["dense.weight"].reshape(-1, held["dense.weight"].shape[1])
    state["dense.bias"] = state["dense.bias"].ravel()
    for layer in ("conv1", "conv2"):
        outputs, inputs = held[f"{layer}.weight.11"].shape[:2]
        weight = np.empty((inputs, outputs, 3, 3), np.float32)
        for row, column in PHASES:
            kernel = held[f"{layer}.weight.{row}{column}"].transpose(1, 0, 2, 3)
            weight[np.ix_(range(inputs), range(outputs), TAPS[row], TAPS[column])] = kernel
        state |= {f"{layer}.weight": weight, f"{layer}.bias": held[f"{layer}.bias"]}
    weight = np.empty((first, channels, 3, 3), np.float32)
    for row, column, k, m in np.ndindex(2, 2, 3, 3):
        maps = held[f"conv3.weight.{row}{column}"].reshape(2, 2, 2, 2, channels, first)
        (r, r_shift), (c, c_shift) = (
            ((place % 2), place // 2 + place % 2) for place in (row + k - 1, column + m - 1)
        )
        weight[:, :, k, m] = maps[r, r_shift, c, c_shift].T
    state["conv3.weight"] = np.flip(weight, (2, 3))
    state["conv3.bias"] = held["conv3.bias"][:channels]
    return {name: torch.from_numpy(array.copy()) for name, array in state.items()}
