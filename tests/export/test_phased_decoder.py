"""export/phased_decoder.py: the same function as the decoder, by plain convolutions, for every size."""

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from desktop.models.logits import without_sigmoid
from export.graphs import BATCH_AXIS, OPSET
from export.parity import Parity, ParityError, check_decoder, session
from export.phased_decoder import interleaving, phase_kernel, phased_decoder, places, shift_maps
from tests.export.unphased import decoder_state
from training.likelihood import LIKELIHOODS
from training.model import ConvVAE

# Image shape, filters and latent dimensions by name: the tutorial's, a wide colour image, the smallest, the
# widest.
SIZES = {
    "tutorial": ((1, 28, 28), (32, 64), 2),
    "color": ((3, 12, 40), (5, 3), 7),
    "least": ((1, 8, 8), (1, 1), 1),
    "wide": ((1, 28, 28), (512, 512), 2),
}


@pytest.fixture(scope="module", params=SIZES)
def phased(request):
    """A model with random weights and biases, and its graph in phases."""
    model = ConvVAE(*SIZES[request.param]).eval()
    generator = torch.Generator().manual_seed(0)
    model.reset_parameters(generator)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator) / len(parameter) ** 0.5
    return model, phased_decoder(model.state_dict(), SIZES[request.param][0], OPSET, BATCH_AXIS)


def latents(model: ConvVAE, count: int) -> torch.Tensor:
    """z [count, d], more spread out than the prior's samples."""
    return 2 * torch.randn(count, model.decoder.dense.in_features, generator=torch.Generator().manual_seed(1))


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 2, 7, 64])
@torch.inference_mode()
def test_it_computes_what_the_decoder_does(phased, batch):
    """Probabilities agree to 1e-5 for any batch, and different z give different pictures."""
    model, graph = phased
    z = 2 * torch.randn(
        batch, model.decoder.dense.in_features, generator=torch.Generator().manual_seed(batch)
    )
    (found,) = session(graph.SerializeToString()).run(None, {"z": z.numpy()})
    expected = model.decoder(z).sigmoid().numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert batch == 1 or np.abs(expected[0] - expected[1]).max() > 1e-3


@torch.inference_mode()
def test_its_logits_are_the_decoders(phased):
    """The viewer can remove the last sigmoid, and the logits differ only by rounding."""
    model, graph = phased
    z = torch.randn(3, model.decoder.dense.in_features, generator=torch.Generator().manual_seed(0))
    (found,) = session(without_sigmoid(graph.SerializeToString(), "probabilities")).run(
        None, {"z": z.numpy()}
    )
    expected = model.decoder(z).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * max(1, np.abs(expected).max()))


def test_only_what_adds_maps_is_a_transposed_convolution(phased):
    """The one transposed convolution holds zeros and ones; nothing is scattered with a stride."""
    _, graph = phased
    transposed = [node for node in graph.graph.node if node.op_type == "ConvTranspose"]
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.graph.initializer}
    assert len(transposed) == 1
    assert set(np.unique(constants[transposed[0].input[1]])) == {0, 1}
    assert "strides" not in {attribute.name for attribute in transposed[0].attribute}


def test_it_is_plain_onnx_of_this_project(phased):
    """The graph uses only the standard domain, has weights inside and a free batch, and names no machine."""
    _, graph = phased
    onnx.checker.check_model(graph, full_check=True)
    assert [(entry.domain, entry.version) for entry in graph.opset_import] == [("", OPSET)]
    assert {node.domain for node in graph.graph.node} == {""}
    assert graph.graph.input[0].type.tensor_type.shape.dim[0].dim_param == BATCH_AXIS
    assert graph.graph.output[0].type.tensor_type.shape.dim[0].dim_param == BATCH_AXIS
    assert graph.producer_name == "latent-plane"
    assert not any(tensor.external_data for tensor in graph.graph.initializer)


@pytest.mark.parametrize("name", LIKELIHOODS)
@pytest.mark.parametrize(
    ("image_shape", "filters"),
    [((1, 28, 28), (4, 6)), ((3, 35, 50), (4, 3, 5)), ((1, 9, 8), (3,)), ((3, 64, 64), (4, 3, 2, 5))],
)
def test_every_likelihood_and_depth_has_phases(name, image_shape, filters):
    """All parts of the output agree with PyTorch, also for sizes that are no multiples of a power of two."""
    likelihood = LIKELIHOODS[name]
    model = ConvVAE(image_shape, filters, 3, likelihood, 256).eval()
    generator = torch.Generator().manual_seed(0)
    model.reset_parameters(generator)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
    graph = phased_decoder(model.state_dict(), image_shape, OPSET, BATCH_AXIS, likelihood)
    parity = Parity()
    check_decoder(parity, session(graph.SerializeToString()), model, 3)
    assert tuple(parity.parts) == likelihood.part_names


def test_parity_sees_a_phase_that_is_wrong():
    """If one number of one phase's kernel is changed, the parity check fails."""
    model = ConvVAE().eval()
    model.reset_parameters(torch.Generator().manual_seed(0))
    graph = phased_decoder(model.state_dict(), (1, 28, 28), OPSET, BATCH_AXIS)
    check_decoder(Parity(), session(graph.SerializeToString()), model, 2)
    (tensor,) = [tensor for tensor in graph.graph.initializer if tensor.name == "conv2.weight.01"]
    values = numpy_helper.to_array(tensor).copy()
    values[0, 0] += 0.1
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    with pytest.raises(ParityError, match="probabilities"):
        check_decoder(Parity(), session(graph.SerializeToString()), model, 2)


def test_nothing_is_lost(phased):
    """The trained weights can be recovered from the graph to the bit."""
    model, graph = phased
    found, expected = decoder_state(graph), model.decoder.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_the_phases_share_out_the_kernel():
    """Each of the nine taps is in exactly one phase's kernel."""
    weight = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    taps = [phase_kernel(weight, row, column).ravel() for row in (0, 1) for column in (0, 1)]
    assert [len(values) for values in taps] == [4, 2, 2, 1]
    assert sorted(np.concatenate(taps)) == list(range(9))


def test_interleaving_sorts():
    """Even columns first, then odd ones, are sorted to their original order."""
    row = np.array([0, 2, 4, 1, 3, 5], np.float32)
    assert (row @ interleaving(6)).tolist() == [0, 1, 2, 3, 4, 5]


def test_every_tap_is_in_one_map_of_its_phase():
    """The nine taps of a phase go to nine of the sixteen maps, and together the phases use all of them."""
    kernel = np.arange(1, 10, dtype=np.float32).reshape(1, 1, 3, 3)
    used = [shift_maps(kernel, row, column).ravel() for row in (0, 1) for column in (0, 1)]
    assert all(sorted(maps[maps > 0]) == list(range(1, 10)) for maps in used)
    assert (np.array(used) > 0).any(0).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_every_map_has_one_place(channels):
    """There are sixteen places per channel, and each adds to one pixel of one phase and channel."""
    maps = shift_maps(np.ones((4, channels, 3, 3), np.float32), 0, 0)
    sums = places(channels).sum((1, 2, 3))
    assert len(maps) == len(sums) == 16 * channels
    assert (sums == 1).all()
