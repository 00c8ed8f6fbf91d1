"""Small decoders as other tools write them, and bundles with hostile words."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.bundle import Bundle, write_bundle
from export.manifest import DECODER_FILE, ENCODER_FILE, POSTERIOR_FILE, tensor_facts
from export.posterior import Posterior, pack_posterior

MNIST = Path(__file__).parents[3] / "artifacts" / "mnist"  # the bundle that ships
HOSTILE = "</script><img src=x onerror=alert(1)><!-- ]]> {{script}} \u2028\u202e'\"&amp; ${1}"

# A look that the viewer passes to the page command, for a decoder of three dimensions.
LOOK = {
    "planes": [
        {"axes": [1, 2], "origin": [0.5, 0, 0]},
        {"origin": [0, 0, 1], "u": [1, 0, 0], "v": [0, 1, 0]},
    ],
    "place": {"plane": 0, "view": [-1, -1, 1, 1], "cursor": [0.25, -0.5], "epoch": None},
    "path": {"points": [[0.5, 0, 0], [0.5, 0, 1]], "times": [1], "seconds": 3, "closed": False},
    "bookmarks": [
        {"name": "here", "plane": 0, "view": [-9, -9, 9, 9], "cursor": [0, 0], "epoch": None},
        {"name": "there", "plane": 1, "view": [-2, -2, 2, 2], "cursor": [1, 1], "epoch": None},
    ],
}


def _noise(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def model(
    nodes: list[onnx.NodeProto],
    constants: dict[str, np.ndarray],
    inputs: dict[str, tuple[Any, ...]],
    outputs: dict[str, tuple[Any, ...]],
    opset: int = 20,
) -> onnx.ModelProto:
    """A model of float32 inputs and outputs; names in shapes are open sizes."""

    def info(name: str, shape: tuple[Any, ...]) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes,
        "decoder",
        [info(*pair) for pair in inputs.items()],
        [info(*pair) for pair in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def linear(
    latent_dim: int, channels: int, height: int, width: int, seed: int = 0, scale: float = 1.0
) -> onnx.ModelProto:
    """A decoder of a bundle: one product and a sigmoid."""
    count = channels * height * width
    weight = scale * _noise(seed).standard_normal((latent_dim, count)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["flat"]),
        helper.make_node("Sigmoid", ["flat"], ["p"]),
        helper.make_node("Reshape", ["p", "shape"], ["probabilities"]),
    ]
    constants = {"w": weight, "shape": np.array([-1, channels, height, width], np.int64)}
    return model(
        nodes, constants, {"z": ("N", latent_dim)}, {"probabilities": ("N", channels, height, width)}
    )


def encoder(latent_dim: int, channels: int, height: int, width: int) -> onnx.ModelProto:
    """An encoder of a bundle: the mean is a product, the log-variance is −2."""
    count = channels * height * width
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["mean"]),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "minus2"], ["logvar"]),
    ]
    weight = (_noise(1).standard_normal((count, latent_dim)) / 50).astype(np.float32)
    constants = {"w": weight, "zero": np.zeros(1, np.float32), "minus2": np.full(1, -2, np.float32)}
    rows = ("N", latent_dim)
    return model(nodes, constants, {"x": ("N", channels, height, width)}, {"mean": rows, "logvar": rows})


def foreign() -> onnx.ModelProto:
    """A decoder as another tool exports it: shapes computed from the batch, NHWC, in [−1, 1]."""
    r = _noise(2).standard_normal
    nodes = [
        helper.make_node("Gemm", ["latents", "w1", "b1"], ["h"], transB=1),
        helper.make_node("LeakyRelu", ["h"], ["h1"], alpha=0.2),
        helper.make_node("Shape", ["latents"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Unsqueeze", ["n", "axis0"], ["n1"]),
        helper.make_node("Concat", ["n1", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["h1", "target"], ["h2"]),
        helper.make_node("ConvTranspose", ["h2", "w2"], ["h3"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["h3", "g", "b", "m", "v"], ["h4"]),
        helper.make_node("Sigmoid", ["h4"], ["h5"]),
        helper.make_node("Mul", ["h4", "h5"], ["h6"]),
        helper.make_node("Resize", ["h6", "", "scales"], ["h7"], mode="linear"),
        helper.make_node("Conv", ["h7", "w3", "b3"], ["h8"], pads=[1, 1, 1, 1]),
        helper.make_node("Tanh", ["h8"], ["h9"]),
        helper.make_node("Transpose", ["h9"], ["image"], perm=[0, 2, 3, 1]),
    ]
    shapes = {"w1": (96, 16), "b1": (96,), "w2": (6, 8, 4, 4), "w3": (3, 8, 3, 3)}
    shapes |= {"g": (8,), "b": (8,), "m": (8,)}
    constants = {name: (0.3 * r(shape)).astype(np.float32) for name, shape in shapes.items()}
    constants |= {
        "v": np.abs(r(8)).astype(np.float32) + np.float32(0.5),
        "b3": r(3).astype(np.float32),
        "zero": np.array(0, np.int64),
        "axis0": np.array([0], np.int64),
        "rest": np.array([6, 4, 4], np.int64),
        "scales": np.array([1, 1, 2, 2], np.float32),
    }
    return model(nodes, constants, {"latents": ("N", 16)}, {"image": ("N", 16, 16, 3)})


def with_inputs(name: str = "label") -> onnx.ModelProto:
    """A decoder of z [N, 3], a label of five that chooses rows of a table, a class of four, a truncation."""
    nodes = [
        helper.make_node("Unsqueeze", [name, "axis1"], ["column"]),
        helper.make_node("Gather", ["table", "column"], ["rows"]),
        helper.make_node("Squeeze", ["rows", "axis1"], ["row"]),
        helper.make_node("Gather", ["shifts", name], ["shift"]),
        helper.make_node("Mul", ["z", "truncation"], ["short"]),
        helper.make_node("Concat", ["short", "row", "class_one_hot"], ["all"], axis=1),
        helper.make_node("MatMul", ["all", "w"], ["flat"]),
        helper.make_node("Add", ["flat", "shift"], ["moved"]),
        helper.make_node("Sigmoid", ["moved"], ["p"]),
        helper.make_node("Reshape", ["p", "shape"], ["image"]),
    ]
    r = _noise(7).standard_normal
    shapes = {"table": (5, 2), "shifts": (5, 64), "w": (9, 64)}
    constants = {key: r(shape).astype(np.float32) for key, shape in shapes.items()}
    constants |= {"axis1": np.array([1], np.int64), "shape": np.array([-1, 1, 8, 8], np.int64)}
    inputs: dict[str, tuple[Any, ...]] = {"class_one_hot": ("N", 4), "z": ("N", 3), "truncation": (1,)}
    graph = model(nodes, constants, inputs, {"image": ("N", 1, 8, 8)})
    graph.graph.input.append(helper.make_tensor_value_info(name, TensorProto.INT64, ["N"]))
    return graph


def with_switch() -> onnx.ModelProto:
    """A decoder of z [N, 2] and a boolean, which flips pictures and makes them lighter."""
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["flat"]),
        helper.make_node("Neg", ["flat"], ["other"]),
        helper.make_node("Not", ["flip"], ["straight"]),
        helper.make_node("Where", ["straight", "flat", "other"], ["chosen"]),
        helper.make_node("Cast", ["flip"], ["one"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["chosen", "one"], ["lighter"]),
        helper.make_node("Sigmoid", ["lighter"], ["p"]),
        helper.make_node("Reshape", ["p", "shape"], ["image"]),
    ]
    weight = _noise(9).standard_normal((2, 64)).astype(np.float32)
    constants = {"w": weight, "shape": np.array([-1, 1, 8, 8], np.int64)}
    graph = model(nodes, constants, {"z": ("N", 2)}, {"image": ("N", 1, 8, 8)})
    graph.graph.input.append(helper.make_tensor_value_info("flip", TensorProto.BOOL, [1]))
    return graph


def with_noise() -> onnx.ModelProto:
    """A decoder that a page cannot run, because its graph draws random numbers."""
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["flat"]),
        helper.make_node("RandomNormalLike", ["flat"], ["noise"], scale=1e-6),
        helper.make_node("Add", ["flat", "noise"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["p"]),
        helper.make_node("Reshape", ["p", "shape"], ["image"]),
    ]
    # The weights give smooth pictures, because WebP does not keep the colours of noise well.
    y, x = np.mgrid[0:20, 0:30] / 10
    waves = [np.cos((k % 3) * x + (k // 2) * y + k) for k in range(6)]
    weight = np.stack(waves).reshape(2, -1).astype(np.float32)
    constants = {"w": weight, "shape": np.array([-1, 3, 20, 30], np.int64)}
    return model(nodes, constants, {"z": ("N", 2)}, {"image": ("N", 3, 20, 30)})


def bundle(
    path: Path,
    image: tuple[int, int, int] = (1, 8, 8),
    latent_dim: int = 2,
    count: int = 40,
    words: str | None = None,
    scale: float = 1.0,
    white: bool = False,
) -> Bundle:
    """A bundle of linear networks with two epochs, and with `words` wherever a bundle holds words.

    With `white` all test images are white.
    """
    channels, height, width = image
    noise = _noise(5)
    means = noise.standard_normal((2, count, latent_dim)).astype(np.float32)
    images = noise.integers(0, 2, (count, *image), np.uint8) | np.uint8(white)
    labels = np.arange(count, dtype=np.uint8) % 3
    logvar = np.full((count, latent_dim), -2, np.float32)
    graphs = [linear(latent_dim, *image, seed=seed, scale=scale).SerializeToString() for seed in (7, 8)]
    files = {
        DECODER_FILE: graphs[1],
        ENCODER_FILE: encoder(latent_dim, *image).SerializeToString(),
        POSTERIOR_FILE: pack_posterior(Posterior(means[1], logvar, images, labels)),
        f"epochs/000/{DECODER_FILE}": graphs[0],
        f"epochs/000/{POSTERIOR_FILE}": pack_posterior(Posterior(means[0], logvar)),
        f"epochs/001/{DECODER_FILE}": graphs[1],
        f"epochs/001/{POSTERIOR_FILE}": pack_posterior(Posterior(means[1], logvar)),
    }
    said = words or "Small"
    facts = {
        "name": said,
        "created": "2026-01-02T03:04:05+00:00",
        "image": {"channels": channels, "height": height, "width": width},
        "latent_dim": latent_dim,
        "likelihood": words or "bernoulli",
        "opset": 20,
        "tensors": tensor_facts(image, latent_dim),
        "dataset": {"name": said, "labels": [said, "</style>one", "two"]},
        "metrics": {"test_elbo_nats": -12.5},
        "epochs": [{"epoch": 1, "test_elbo_nats": -12.5}],
        "fit": {"recipe": said, "epochs": 1},
        "made_with": [said],
        "tools": {said: said},
    }
    return write_bundle(path, facts, files)
