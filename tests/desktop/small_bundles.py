"""Small decoders and encoders of one layer, and a bundle with epochs that can grow."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from export.bundle import (
    DECODER_FILE,
    ENCODER_FILE,
    POSTERIOR_FILE,
    Bundle,
    Posterior,
    pack_posterior,
    write_bundle,
)
from export.growing import grow_bundle
from export.manifest import tensor_facts


def decoder_graph(
    latent_dim: int, image_shape: tuple[int, int, int], seed: int = 0, gain: float = 1.0
) -> bytes:
    """A decoder of one layer, sigmoid(z · W + b). At gain 1 its pictures change strongly with z."""
    draw = np.random.default_rng(seed)
    pixels = int(np.prod(image_shape))
    weights = draw.normal(0, 2 * gain / latent_dim**0.5, (latent_dim, pixels)).astype(np.float32)
    arrays = {
        "weights": weights,
        "bias": draw.normal(0, 1, pixels).astype(np.float32),
        "shape": np.array([-1, *image_shape], np.int64),
    }
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["z", "weights"], ["product"]),
            helper.make_node("Add", ["product", "bias"], ["logits"]),
            helper.make_node("Sigmoid", ["logits"], ["flat"]),
            helper.make_node("Reshape", ["flat", "shape"], ["probabilities"]),
        ],
        "decoder",
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", latent_dim])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", *image_shape])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def encoder_graph(image_shape: tuple[int, int, int], seed: int, latent_dim: int = 2) -> bytes:
    """An encoder: mean = x · W, logvar = 0."""
    pixels = int(np.prod(image_shape))
    draw = np.random.default_rng(seed)
    arrays = {
        "shape": np.array([-1, pixels], np.int64),
        "weights": draw.normal(0, pixels**-0.5, (pixels, latent_dim)).astype(np.float32),
        "zero": np.zeros((1, latent_dim), np.float32),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Reshape", ["x", "shape"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["mean"]),
            helper.make_node("Mul", ["mean", "zero"], ["logvar"]),
        ],
        "encoder",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *image_shape])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", latent_dim])
            for name in ("mean", "logvar")
        ],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


class FilmBundle:
    """A bundle with epochs whose decoders differ, that can grow; epoch e has the decoder of seed e."""

    def __init__(self, path: Path, image_shape: tuple[int, int, int], encoders: bool) -> None:
        self.path = path
        self.image_shape = image_shape
        self.bundle: Bundle | None = None
        self._encoders = encoders

    def write(self, last: int, **facts: object) -> None:
        """Write the epochs 0 to `last`: the first call makes a new bundle, later calls let it grow."""
        files: dict[str, bytes] = {}
        for epoch in (*range(last + 1), None):
            seed = last if epoch is None else epoch
            folder = "" if epoch is None else f"epochs/{epoch:03d}/"
            files[folder + DECODER_FILE] = decoder_graph(2, self.image_shape, seed)
            if self._encoders:
                files[folder + ENCODER_FILE] = encoder_graph(self.image_shape, seed)
            files[folder + POSTERIOR_FILE] = pack_posterior(self.posterior(seed, whole=epoch is None))
        tensors = tensor_facts(self.image_shape, 2)
        content = {
            "name": "film",
            "created": f"2000-01-01T00:00:{last:02d}+00:00",
            "image": dict(zip(("channels", "height", "width"), self.image_shape, strict=True)),
            "latent_dim": 2,
            "likelihood": "bernoulli",
            "opset": 20,
            "tensors": tensors,
            "dataset": {"labels": ["no", "yes"]},
            "epochs": [{"epoch": e, "test_elbo_nats": -200.0 + 10 * e} for e in range(1, last + 1)],
        } | facts
        if self.bundle is None:
            self.bundle = write_bundle(self.path, content, files)
        else:
            self.bundle = grow_bundle(self.bundle, content, files)

    def posterior(self, epoch: int, whole: bool = False) -> Posterior:
        """The posterior after an epoch: 40 means along a line that turns by 20 degrees per epoch."""
        turn, along = np.radians(20 * epoch), np.linspace(-2, 2, 40, dtype=np.float32)
        mean = np.stack([along * np.cos(turn), along * np.sin(turn)], axis=1).astype(np.float32)
        if not whole:
            return Posterior(mean, np.zeros_like(mean))
        images = np.random.default_rng(0).integers(0, 2, (40, *self.image_shape), np.uint8)
        return Posterior(mean, np.zeros_like(mean), images, (along > 0).astype(np.uint8))

    def decode(self, epoch: int, z: Any) -> NDArray[np.float32]:
        """Return probabilities [N, C, H, W] of an epoch's decoder, by ONNX Runtime alone."""
        graph = decoder_graph(2, self.image_shape, epoch)
        session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
        (probabilities,) = session.run(None, {"z": np.asarray(z, np.float32)})
        return np.asarray(probabilities)


def grey_decoder_graph(
    likelihood: str, latent_dim: int, image_shape: tuple[int, int, int], seed: int = 0
) -> bytes:
    """A decoder of one layer, z · W + b, with the outputs of a likelihood other than Bernoulli.

    A Gaussian decoder has one scale for all pixels, 0.1, and an output for the mean besides the picture. A
    logistic one has a scale for each pixel, about 0.03.
    """
    draw = np.random.default_rng(seed)
    pixels = int(np.prod(image_shape))
    is_continuous = likelihood == "continuous-bernoulli"
    spread, middle = (2.0, 0.0) if is_continuous else (0.12, 0.5)
    arrays = {
        "weights": draw.normal(0, spread / latent_dim**0.5, (latent_dim, pixels)).astype(np.float32),
        "bias": draw.normal(middle, spread, pixels).astype(np.float32),
        "scales": draw.normal(-3.5, 0.1, pixels).astype(np.float32),
        "shape": np.array([-1, *image_shape], np.int64),
        "zero": np.zeros((latent_dim, pixels), np.float32),
        "zero1": np.zeros((latent_dim, 1), np.float32),
        "scale": np.array([np.log(0.1)], np.float32),
        "one_shape": np.array([-1, 1, 1, 1], np.int64),
        "low": np.array(0, np.float32),
        "high": np.array(1, np.float32),
    }
    node = helper.make_node
    nodes = [
        node("MatMul", ["z", "weights"], ["product"]),
        node("Add", ["product", "bias"], ["flat"]),
        node("Reshape", ["flat", "shape"], ["logits" if is_continuous else "mean"]),
    ]
    if is_continuous:
        nodes.append(node("Sigmoid", ["logits"], ["picture"]))
    else:
        nodes.append(node("Clip", ["mean", "low", "high"], ["picture"]))
    if likelihood == "logistic":
        nodes += [
            node("MatMul", ["z", "zero"], ["zeros"]),
            node("Add", ["zeros", "scales"], ["flat_scales"]),
            node("Reshape", ["flat_scales", "shape"], ["log_scale"]),
        ]
    elif likelihood == "gaussian":
        nodes += [
            node("MatMul", ["z", "zero1"], ["zeros"]),
            node("Add", ["zeros", "scale"], ["one"]),
            node("Reshape", ["one", "one_shape"], ["log_scale"]),
        ]
    facts = tensor_facts(image_shape, latent_dim, likelihood, **outputs_of(likelihood))[DECODER_FILE]
    used = {name for each in nodes for name in each.input}
    graph = helper.make_graph(
        nodes,
        "decoder",
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", latent_dim])],
        [helper.make_tensor_value_info(t["name"], TensorProto.FLOAT, t["shape"]) for t in facts["outputs"]],
        [numpy_helper.from_array(array, name) for name, array in arrays.items() if name in used],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def outputs_of(likelihood: str) -> dict[str, bool]:
    """The arguments of `tensor_facts` for the parameters' outputs of `grey_decoder_graph`."""
    is_gaussian = likelihood == "gaussian"
    return {"shared_scale": is_gaussian, "with_mean": is_gaussian or likelihood == "logistic"}
