"""A decoder with a small file that needs billions of multiply-adds for a picture."""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from tests.desktop.foreign_models import save

LATENT_DIM, MAPS, START_PX = 8, 64, 8


def large_decoder(path: Path, side: int) -> Path:
    """z [N, 8] → 3 × side × side, by two convolutions of 64 maps at full size: 2e10 multiply-adds for 512."""
    random = np.random.default_rng(0)

    def weights(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    arrays = {
        "weights": weights(LATENT_DIM, MAPS * START_PX**2) * 3,
        "shape": np.array([-1, MAPS, START_PX, START_PX], np.int64),
        "scales": np.array([1, 1, side / START_PX, side / START_PX], np.float32),
        "kernel1": weights(MAPS, MAPS, 3, 3),
        "kernel2": weights(MAPS, MAPS, 3, 3),
        "kernel3": weights(3, MAPS, 3, 3),
    }
    nodes = [
        helper.make_node("MatMul", ["z", "weights"], ["row"]),
        helper.make_node("Reshape", ["row", "shape"], ["maps"]),
        helper.make_node("Resize", ["maps", "", "scales"], ["x0"], mode="linear"),
        *[helper.make_node("Conv", [f"x{n - 1}", f"kernel{n}"], [f"x{n}"], pads=[1] * 4) for n in (1, 2, 3)],
        helper.make_node("Sigmoid", ["x3"], ["image"]),
    ]
    inputs = [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", LATENT_DIM])]
    outputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, side, side])]
    return save(path, nodes, inputs, outputs, arrays)
