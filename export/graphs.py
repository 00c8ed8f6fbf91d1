"""Export the encoder x → mean, logvar and the decoder z → picture, … as ONNX graphs."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import onnx
import torch
from onnx import ModelProto, numpy_helper
from torch import Tensor, nn

from export.manifest import FORMAT
from training.likelihood import BERNOULLI, Likelihood

OPSET = 20
BATCH_AXIS = "N"
# PyTorch treats an example batch of 1 as a constant. Any other size leaves the batch size free.
EXAMPLE_BATCH = 2


class ExportError(Exception):
    """A run cannot be exported."""


def in_one_line(error: BaseException) -> str:
    """The first line of what an error says about its first cause."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


class PartsDecoder(nn.Module):
    """z float32 [N, d] → the picture float32 [N, C, H, W] in [0, 1], and the likelihood's other outputs."""

    def __init__(self, decoder: nn.Module, likelihood: Likelihood = BERNOULLI) -> None:
        super().__init__()
        self.decoder = decoder
        self.likelihood = likelihood

    def forward(self, z: Tensor) -> tuple[Tensor, ...]:
        """The parts of the decoder's output, in the order of `likelihood.part_names`."""
        return tuple(self.likelihood.parts(self.decoder(z)).values())


def export_encoder(encoder: nn.Module, image_shape: tuple[int, int, int]) -> ModelProto:
    """Export x → mean, logvar with a dynamic batch, weights inside and no traces of this machine."""
    return _export(encoder, torch.zeros(EXAMPLE_BATCH, *image_shape), ("x",), ("mean", "logvar"))


def export_decoder(decoder: nn.Module, latent_dim: int, likelihood: Likelihood = BERNOULLI) -> ModelProto:
    """Export z → picture, … with the layers of training; otherwise like `export_encoder`."""
    z = torch.zeros(EXAMPLE_BATCH, latent_dim)
    return _export(PartsDecoder(decoder, likelihood), z, ("z",), likelihood.part_names)


def with_weights(graph: ModelProto, state: Mapping[str, Tensor]) -> ModelProto:
    """A copy of an exported graph with the weights of `state`, a VAE's state_dict.

    Raises ExportError if a parameter's initializer is missing or has another shape, which means that
    PyTorch's exporter no longer names initializers as this function expects.
    """
    copy = ModelProto()
    copy.CopyFrom(graph)
    part = "decoder." if graph.graph.input[0].name == "z" else "encoder."
    prefix = part if part == "decoder." else ""
    initializers = {initializer.name: initializer for initializer in copy.graph.initializer}
    for name, tensor in state.items():
        if not name.startswith(part):
            continue
        found = initializers.get(prefix + name.removeprefix(part))
        if found is None or list(found.dims) != list(tensor.shape):
            raise ExportError(
                f"{name}: found no such initializer in the graph, expected one of shape {[*tensor.shape]}"
            )
        found.CopyFrom(numpy_helper.from_array(tensor.numpy(), found.name))
    return copy


def with_facts(graph: ModelProto, facts: Mapping[str, str]) -> ModelProto:
    """A copy of a graph with these facts in its metadata."""
    copy = ModelProto()
    copy.CopyFrom(graph)
    onnx.helper.set_model_props(copy, {"latent_plane.format": FORMAT} | dict(facts))
    return copy


def _export(
    module: nn.Module, example: Tensor, inputs: tuple[str, ...], outputs: tuple[str, ...]
) -> ModelProto:
    with _quiet():
        program = torch.onnx.export(
            module.eval(),
            (example,),
            dynamo=True,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=({0: torch.export.Dim(BATCH_AXIS)},),
            external_data=False,
            opset_version=OPSET,
            verbose=False,
        )
    assert program is not None
    graph: ModelProto = program.model_proto
    _strip(graph)
    onnx.checker.check_model(graph, full_check=True)
    return graph


def _strip(model: ModelProto) -> None:
    """Remove the exporter's debugging notes, which are stack traces with paths of this machine."""
    model.producer_name, model.producer_version, model.doc_string = "latent-plane", "", ""
    graph = model.graph
    graph.doc_string = ""
    del model.metadata_props[:], graph.metadata_props[:], graph.value_info[:]
    for part in (*graph.node, *graph.input, *graph.output, *graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence PyTorch's messages about its own internals."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # torch.export warns of its own deprecated LeafSpec, which it deep-copies.
            warnings.filterwarnings("ignore", category=FutureWarning, message=".*LeafSpec.*")
            yield
    finally:
        logger.setLevel(level)
