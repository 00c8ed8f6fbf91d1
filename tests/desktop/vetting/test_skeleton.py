"""Large weights are cut out of a model's bytes, and the rest stays the same."""

import mmap

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from desktop.base.errors import ModelError
from desktop.vetting.skeleton import CUT_KEY, LARGE_BYTES, cut_bytes, skeleton
from tests.desktop.hostile_models import deep_subgraphs, good_nodes, model_bytes, nested_functions


def with_weights(count: int) -> bytes:
    """A good model with `count` additional float32 numbers."""
    nodes, arrays = good_nodes()
    more = numpy_helper.from_array(np.arange(count, dtype=np.float32), "more")
    return model_bytes(nodes, initializers=[*arrays, more])


def test_only_large_weights_are_cut_out():
    """The skeleton differs from the model in one payload, and says how large that was."""
    data = with_weights(10_000)
    whole, outline = onnx.ModelProto.FromString(data), onnx.ModelProto.FromString(skeleton(data))
    assert len(skeleton(data)) < len(data) - 39_000
    tensor = outline.graph.initializer[-1]
    assert (tensor.name, list(tensor.dims), cut_bytes(tensor)) == ("more", [10_000], 40_000)
    assert [cut_bytes(other) for other in outline.graph.initializer[:-1]] == [None, None]
    tensor.raw_data = whole.graph.initializer[-1].raw_data
    tensor.ClearField("external_data")
    assert outline == whole


@pytest.mark.parametrize("data", [with_weights(1), deep_subgraphs(), nested_functions(100)])
def test_a_small_model_stays_as_it_is(data):
    """Subgraphs and functions are followed, and nothing small is lost."""
    assert onnx.ModelProto.FromString(skeleton(data)) == onnx.ModelProto.FromString(data)


def test_weights_in_an_attribute_are_cut_out_too():
    """A Constant node's tensor is cut out, too."""
    value = numpy_helper.from_array(np.zeros(LARGE_BYTES, np.float32), "value")
    nodes, arrays = good_nodes()
    constant = helper.make_node("Constant", [], ["constant"], value=value)
    outline = onnx.ModelProto.FromString(skeleton(model_bytes([constant, *nodes], initializers=arrays)))
    assert cut_bytes(outline.graph.node[0].attribute[0].t) == 4 * LARGE_BYTES


def test_a_file_cannot_claim_that_something_was_cut_out_of_it():
    """The entry that marks cut numbers is removed from an untrusted file."""
    model = onnx.ModelProto.FromString(with_weights(10_000))
    entry = model.graph.initializer[-1].external_data.add()
    entry.key, entry.value = CUT_KEY, "7"
    outline = onnx.ModelProto.FromString(skeleton(model.SerializeToString()))
    assert cut_bytes(outline.graph.initializer[-1]) == 40_000


def test_a_map_of_a_file_gives_the_same(tmp_path):
    """The file need not be read into memory."""
    path = tmp_path / "m.onnx"
    path.write_bytes(with_weights(10_000))
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    assert skeleton(mapped) == skeleton(path.read_bytes())


@pytest.mark.parametrize("data", [b"\x3a\xff\xff\x03", b"\x3b", b"\x08"])
def test_damaged_bytes_are_an_error(data):
    """A payload beyond the last byte, an unknown wire type, and a number without an end are errors."""
    with pytest.raises(ModelError, match="bytes that are not an ONNX model"):
        skeleton(data)


def test_the_type_is_known():
    """The field numbers agree with onnx."""
    fields = {field.name: field.number for field in TensorProto.DESCRIPTOR.fields}
    assert (fields["raw_data"], fields["external_data"]) == (9, 13)
