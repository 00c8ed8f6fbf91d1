"""A model file is inspected before anything runs it, and refused in one line unless it is harmless."""

import pytest
from onnx import TensorProto, helper

from desktop.base.errors import ModelError
from desktop.vetting import graph_limits, onnx_file
from desktop.vetting.onnx_file import read_model_file
from tests.desktop.foreign_models import decoder
from tests.desktop.hostile_models import good_nodes, model_bytes


def test_a_good_file_says_what_it_is(tmp_path):
    """It has inputs, outputs, operators, parameters, producer, and the operator behind its output."""
    path = decoder(tmp_path / "model.onnx", metadata={"a": "b"})
    file = read_model_file(path)
    assert [(t.name, t.dtype, t.shape) for t in file.inputs] == [("latent", "float32", ("N", 2))]
    assert [(t.name, t.dtype, t.shape) for t in file.outputs] == [("image", "float32", ("N", 1, 8, 10))]
    assert file.operators == {"Reshape": 2, "MatMul": 1, "Add": 1, "Sigmoid": 1}
    assert (file.producer, file.opsets, file.metadata) == ("elsewhere", {"": 20}, {"a": "b"})
    assert file.makers == {"image": "Sigmoid"}
    assert file.graph == path.read_bytes()
    assert file.parameter_count == 2 * 80 + 1 + 4 + 2 + 1


def test_parameters_in_constants_are_counted(tmp_path):
    """Some exporters keep the weights in Constant nodes."""
    nodes, arrays = good_nodes()
    constants = [helper.make_node("Constant", [], [array.name], value=array) for array in arrays]
    (tmp_path / "m.onnx").write_bytes(model_bytes([*constants, *nodes]))
    assert read_model_file(tmp_path / "m.onnx").parameter_count == 2 * 64 + 4


def test_weights_among_the_inputs_are_no_inputs(tmp_path):
    """Old exporters list weights among the inputs."""
    nodes, arrays = good_nodes()
    info = helper.make_tensor_value_info
    inputs = [info("z", TensorProto.FLOAT, ["N", 2]), info("weights", TensorProto.FLOAT, [2, 64])]
    (tmp_path / "m.onnx").write_bytes(model_bytes(nodes, inputs, initializers=arrays))
    assert [tensor.name for tensor in read_model_file(tmp_path / "m.onnx").inputs] == ["z"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "an empty file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a git-LFS pointer"),
        (b"\x89HDF\r\n\x1a\n\x00", "an HDF5 file"),
        (b"PK\x03\x04abc", "a zip"),
        (b"\x80\x05\x95", "a pickle"),
        (b"\x89PNG\r\n", "a PNG picture"),
        (b"\x00\x00\x00\x1cftypisom", "a video"),
        (b"\x00\x00\x00\x1cftypavif", "an AVIF or HEIC picture"),
        (b"\xef\xbb\xbf <!DOCTYPE html>", "a web page"),
        (b' {"a": 1}', "JSON text"),
        (b"\xff" * 100, "100 bytes that are not an ONNX model"),
    ],
)
def test_what_people_confuse_with_a_model_is_called_by_its_name(refused, data, said):
    """The error says what was found, what was expected and what to do."""
    message = refused(data)
    assert message.startswith(f"found {said}")
    assert "expected " in message
    assert "; " in message


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    """The size is checked before the file is read."""
    monkeypatch.setattr(onnx_file, "MAX_FILE_BYTES", 10)
    (tmp_path / "m.onnx").write_bytes(bytes(11))
    with pytest.raises(ModelError, match="found 11 bytes, expected at most 10; save the model with its"):
        read_model_file(tmp_path / "m.onnx")


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [
        ("MAX_NODES", 2, "found more than 2 nodes, expected fewer"),
        ("MAX_NODE_ENDS", 2, "found a node with 3 inputs and outputs, expected at most 2"),
        ("MAX_TENSOR_BYTES", 500, "512 bytes, expected at most 500"),
        ("DOMAINS", ("ai.onnx",), "found the operator MatMul of the domain ''"),
    ],
)
def test_every_limit_is_looked_at(refused, monkeypatch, limit, value, said):
    """A good file is refused if any limit is lowered."""
    monkeypatch.setattr(graph_limits, limit, value)
    nodes, arrays = good_nodes()
    assert said in refused(model_bytes(nodes, initializers=arrays))


@pytest.mark.parametrize(
    ("dims", "field", "said"),
    [
        ([2, 64], {"raw_data": bytes(508)}, "found 508 of the 512 bytes of the tensor 'weights'"),
        ([2, 64], {"float_data": [1.0] * 127}, "found 127 of the 128 numbers of the tensor 'weights'"),
        ([2, -64], {"raw_data": bytes(512)}, "of shape [2, -64], expected at most 16 sizes, none negative"),
        ([1 << 40, 1 << 40], {"raw_data": b""}, "expected at most 536,870,912"),
        ([1] * 40, {"raw_data": bytes(4)}, "expected at most 16 sizes, none negative"),
    ],
)
def test_a_tensor_must_be_what_it_says(refused, dims, field, said):
    """A tensor must have as many numbers as its shape says, in either kind of field."""
    nodes, (_, shape) = good_nodes()
    tensor = TensorProto(name="weights", dims=dims, data_type=TensorProto.FLOAT, **field)
    assert said in refused(model_bytes(nodes, initializers=[tensor, shape]))


def test_functions_may_call_each_other_some_levels_deep(tmp_path):
    """A model with a few nested local functions is accepted; one level more than allowed is refused."""

    def chain(count):
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid("local", 1)]
        functions = [
            helper.make_function(
                "local",
                f"f{i}",
                ["a"],
                ["b"],
                [
                    helper.make_node("Identity", ["a"], ["b"])
                    if i == count - 1
                    else helper.make_node(f"f{i + 1}", ["a"], ["b"], domain="local")
                ],
                opsets,
            )
            for i in range(count)
        ]
        call = helper.make_node("f0", ["z"], ["out"], domain="local")
        path = tmp_path / "m.onnx"
        path.write_bytes(model_bytes([call], functions=functions, domains=("local",)))
        return path

    most = graph_limits.MAX_CALL_DEPTH + 1
    assert read_model_file(chain(most)).operators["local.f0"] == 1
    with pytest.raises(ModelError, match="more than 24 deep"):
        read_model_file(chain(most + 1))
