"""export/graphs.py: the graphs take any batch, carry their weights and say nothing about this machine."""

import functools
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import numpy_helper

from export.graphs import OPSET, ExportError, export_decoder, export_encoder, with_facts, with_weights
from training.config import RECIPES
from training.model import ConvVAE

BATCHES = (1, 2, 7, 64)
SIZES = {"small": ((1, 28, 28), (4, 8), 2), "color": ((3, 12, 8), (2, 3), 5)}


def seeded_model(size: str, seed: int = 0) -> ConvVAE:
    """A model with random weights and biases."""
    model = ConvVAE(*SIZES[size]).eval()
    generator = torch.Generator().manual_seed(seed)
    model.reset_parameters(generator)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    return model


def both_graphs(
    model: ConvVAE, image_shape: tuple[int, int, int], latent_dim: int
) -> dict[str, onnx.ModelProto]:
    """Decoder and encoder by file name."""
    return {
        "decoder.onnx": export_decoder(model.decoder, latent_dim),
        "encoder.onnx": export_encoder(model.encoder, image_shape),
    }


@functools.cache
def graphs_of(size: str) -> dict[str, onnx.ModelProto]:
    """The two graphs of the model with seed 0, exported once."""
    image_shape, _, latent_dim = SIZES[size]
    return both_graphs(seeded_model(size), image_shape, latent_dim)


@pytest.fixture(scope="module", params=SIZES)
def exported(request):
    """A model's size, the model, and its two graphs."""
    return request.param, seeded_model(request.param), graphs_of(request.param)


@pytest.fixture(scope="module")
def small_graphs():
    """The small model's two graphs."""
    return graphs_of("small")


def run(graph: onnx.ModelProto, **inputs: np.ndarray) -> list[np.ndarray]:
    """The outputs that ONNX Runtime computes."""
    session = ort.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


def shapes(values) -> dict[str, list]:
    """Names and shapes of inputs or outputs, with a free axis given by its name."""
    return {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in values
    }


@pytest.mark.slow
def test_inputs_and_outputs_are_the_formats(exported):
    """Names, shapes and the free batch are those of the format, and everything is float32."""
    size, _, graphs = exported
    image_shape, _, latent_dim = SIZES[size]
    decoder, encoder = graphs["decoder.onnx"].graph, graphs["encoder.onnx"].graph
    assert shapes(decoder.input) == {"z": ["N", latent_dim]}
    assert shapes(decoder.output) == {"probabilities": ["N", *image_shape]}
    assert shapes(encoder.input) == {"x": ["N", *image_shape]}
    assert shapes(encoder.output) == {"mean": ["N", latent_dim], "logvar": ["N", latent_dim]}
    for graph in (decoder, encoder):
        for value in (*graph.input, *graph.output):
            assert value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT


@pytest.mark.parametrize("batch", BATCHES)
@torch.inference_mode()
def test_the_decoder_takes_any_batch(exported, batch):
    """ONNX Runtime gives PyTorch's probabilities for 1, 2, 7 and 64 latents."""
    size, model, graphs = exported
    z = np.random.default_rng(batch).standard_normal((batch, SIZES[size][2]), dtype=np.float32)
    (found,) = run(graphs["decoder.onnx"], z=z)
    expected = model.decoder(torch.from_numpy(z)).sigmoid().numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("batch", BATCHES)
@torch.inference_mode()
def test_the_encoder_takes_any_batch(exported, batch):
    """ONNX Runtime gives PyTorch's means and log-variances for 1, 2, 7 and 64 images."""
    size, model, graphs = exported
    x = np.random.default_rng(batch).random((batch, *SIZES[size][0]), dtype=np.float32)
    found = run(graphs["encoder.onnx"], x=x)
    for array, expected in zip(found, model.encoder(torch.from_numpy(x)), strict=True):
        np.testing.assert_allclose(array, expected.numpy(), rtol=0, atol=1e-4)


def test_weights_are_inside(exported, tmp_path, monkeypatch):
    """No tensor is in a separate file: every initializer has its own bytes."""
    monkeypatch.chdir(tmp_path)
    for graph in exported[2].values():
        for tensor in graph.graph.initializer:
            assert tensor.data_location == onnx.TensorProto.DEFAULT
            assert not tensor.external_data
            assert tensor.raw_data or tensor.float_data or tensor.int64_data or not np.prod(tensor.dims)
        assert not onnx.external_data_helper.uses_external_data(graph.graph.initializer[0])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "trace", [str(Path.cwd()), str(Path.home()), "site-packages", ".py", "torch", "Traceback"]
)
def test_nothing_of_this_machine_is_in_them(exported, trace):
    """The bytes contain neither paths of this machine nor the exporter's stack traces."""
    for name, graph in exported[2].items():
        # Weights may contain any bytes by chance, so they are not searched.
        bare = onnx.ModelProto()
        bare.CopyFrom(graph)
        for tensor in bare.graph.initializer:
            tensor.raw_data = b""
        text = bare.SerializeToString()
        # The home folder may be the root folder, whose name matches every slash.
        if len(trace) > 1:
            assert trace.encode() not in text, name


def test_they_are_made_of_plain_onnx(exported):
    """The graphs use opset 20 of the standard domain and no local functions, and the checker accepts them."""
    for graph in exported[2].values():
        assert {(entry.domain, entry.version) for entry in graph.opset_import} == {("", OPSET)}
        assert len(graph.functions) == 0
        assert {node.domain for node in graph.graph.node} == {""}
        onnx.checker.check_model(graph, full_check=True)


@torch.inference_mode()
def test_weights_can_be_swapped(exported):
    """With another model's weights, a graph computes what that model does; the original is unchanged."""
    size, model, graphs = exported
    other = seeded_model(size, seed=1)
    before = graphs["decoder.onnx"].SerializeToString()
    decoder = with_weights(graphs["decoder.onnx"], other.state_dict())
    encoder = with_weights(graphs["encoder.onnx"], other.state_dict())
    image_shape, _, latent_dim = SIZES[size]
    noise = np.random.default_rng(0)
    z = noise.standard_normal((3, latent_dim), dtype=np.float32)
    x = noise.random((3, *image_shape), dtype=np.float32)
    (found,) = run(decoder, z=z)
    np.testing.assert_allclose(found, other.decoder(torch.from_numpy(z)).sigmoid(), rtol=0, atol=1e-5)
    assert np.abs(found - model.decoder(torch.from_numpy(z)).sigmoid().numpy()).max() > 0.01
    for array, expected in zip(run(encoder, x=x), other.encoder(torch.from_numpy(x)), strict=True):
        np.testing.assert_allclose(array, expected, rtol=0, atol=1e-4)
    assert graphs["decoder.onnx"].SerializeToString() == before


def test_every_weight_is_in_a_graph_unfolded(exported):
    """The graphs hold each parameter of the model once, under its name and with its values."""
    _, model, graphs = exported
    held = {}
    for file, graph in graphs.items():
        for tensor in graph.graph.initializer:
            if numpy_helper.to_array(tensor).dtype == np.float32:
                name = tensor.name if file == "decoder.onnx" else f"encoder.{tensor.name}"
                held[name] = numpy_helper.to_array(tensor)
    assert held.keys() == model.state_dict().keys()
    for name, parameter in model.state_dict().items():
        np.testing.assert_array_equal(held[name], parameter.numpy())


@pytest.mark.parametrize("name", ["decoder.conv2.weight", "encoder.dense.bias"])
def test_weights_of_another_shape_are_refused(small_graphs, name):
    """The error names a parameter of another shape, and the expected shape."""
    state = seeded_model("small").state_dict()
    state[name] = torch.zeros(3, 1, 4)
    graph = small_graphs[f"{name.split('.')[0]}.onnx"]
    with pytest.raises(ExportError) as error:
        with_weights(graph, state)
    assert str(error.value) == (
        f"{name}: found no such initializer in the graph, expected one of shape [3, 1, 4]"
    )


def test_a_parameter_that_the_graph_lacks_is_refused(small_graphs):
    """A parameter that the graph does not have is refused by name."""
    state = seeded_model("small").state_dict() | {"decoder.conv9.bias": torch.zeros(2)}
    with pytest.raises(ExportError, match=r"^decoder\.conv9\.bias: found no such initializer in the graph"):
        with_weights(small_graphs["decoder.onnx"], state)


def test_a_graph_says_what_it_is(small_graphs):
    """The given facts and the format are in the graph's metadata, and ONNX Runtime returns them."""
    graph = with_facts(small_graphs["decoder.onnx"], {"latent_plane.name": "Ziffern", "n": "1"})
    session = ort.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map == {
        "latent_plane.format": "latent-plane/1",
        "latent_plane.name": "Ziffern",
        "n": "1",
    }
    assert not small_graphs["decoder.onnx"].metadata_props


@pytest.mark.slow
def test_the_wide_recipe_is_exported():
    """The two graphs with 512 filters compute what PyTorch does to 1e-5, for one image or three."""
    config = RECIPES["wide"]
    model = ConvVAE(config.image_shape, config.filters, config.latent_dim).eval()
    model.reset_parameters(torch.Generator().manual_seed(0))
    graphs = both_graphs(model, config.image_shape, config.latent_dim)
    generator = torch.Generator().manual_seed(1)
    for count in (1, 3):
        z = torch.randn(count, config.latent_dim, generator=generator)
        x = torch.rand(count, *config.image_shape, generator=generator)
        with torch.inference_mode():
            expected = [model.decoder(z).sigmoid(), *model.encoder(x)]
        found = [*run(graphs["decoder.onnx"], z=z.numpy()), *run(graphs["encoder.onnx"], x=x.numpy())]
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), rtol=0, atol=1e-5)
