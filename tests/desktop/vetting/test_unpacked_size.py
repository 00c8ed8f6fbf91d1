"""Models that would fill the memory once parsed are recognised from their bytes."""

import contextlib

import numpy as np
import onnx
import pytest
from google.protobuf.message import DecodeError
from onnx import helper, numpy_helper

from desktop.base.errors import ModelError
from desktop.vetting import unpacked_size
from desktop.vetting.unpacked_size import check_wire
from tests.desktop.hostile_models import (
    CUTS,
    deep_subgraphs,
    good_model,
    good_nodes,
    model_bytes,
    mutated,
    nested_functions,
    protobuf_field,
    truncated,
    with_fields,
)


class CountedBytes(bytes):
    """Bytes that count how often one of them is read."""

    looks = 0

    def __getitem__(self, key):
        self.looks += 1
        return super().__getitem__(key)


def refused(data):
    """The error message about these bytes, or an empty string."""
    try:
        check_wire(data)
    except ModelError as error:
        return str(error)
    return ""


def test_a_model_of_any_size_of_weights_is_nothing_to_speak_of():
    """Weights take as much memory as in the file; nested graphs and functions are followed.

    Of 32 MiB, fewer than a thousand bytes are read.
    """
    nodes, (_, shape) = good_nodes()
    weights = numpy_helper.from_array(np.zeros((2, 1 << 22), np.float32), "weights")
    data = CountedBytes(model_bytes(nodes, initializers=[weights, shape]))
    assert refused(data) == ""
    assert 0 < data.looks < 1000
    assert refused(deep_subgraphs()) == refused(nested_functions(100)) == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        with_fields(graph=protobuf_field(1, b"") * 600_000),
        with_fields(model=protobuf_field(14, b"") * 600_000),
        with_fields(model=protobuf_field(25, protobuf_field(7, b"") * 600_000)),
        with_fields(graph=protobuf_field(1, protobuf_field(5, b"") * 600_000)),
        with_fields(graph=protobuf_field(5, protobuf_field(7, bytes(40_000_000)))),
        with_fields(graph=protobuf_field(1, b"\x0a\x00" * 7_000_000)),
    ],
    ids=["nodes", "facts", "a function's nodes", "attributes", "numbers of a byte", "names"],
)
def test_many_parts_are_refused_before_they_are_unpacked(data):
    """The parts are found in any field."""
    assert refused(data) == (
        "found more than 6,000,000 parts, or 256 MiB of them, expected fewer; choose a smaller model"
    )


def test_what_the_parser_takes_is_not_called_damaged():
    """For any good, truncated or mutated file, the check calls nothing damaged that the parser accepts."""
    for data in (good_model(), *truncated(), *(d for d, _ in zip(mutated(), range(200), strict=False))):
        parsed = False
        with contextlib.suppress(DecodeError):
            parsed = bool(onnx.ModelProto.FromString(data).ListFields())
        assert not parsed or refused(data) == "", data
    assert len(list(truncated())) == CUTS


@pytest.mark.parametrize(
    "data",
    [b"\xff" * 20, b"\x3a", b"\x3a\x05\x0a", b"\x0b", b"\x08\xff", b"\x3a" + b"\xff" * 12, b"\x09abc"],
)
def test_what_is_no_message_is_said_to_be_none(data):
    """A number without an end, a length beyond the end and an unknown kind of field are refused."""
    assert refused(data).startswith(
        f"found {len(data):,} bytes that are not an ONNX model or only part of one"
    )


def test_messages_may_be_as_deep_as_the_parser_goes(monkeypatch):
    """Endlessly nested messages count as damage."""
    value = helper.make_tensor_value_info("x", 1, None)
    graph = helper.make_graph([], "g", [], [value])
    assert refused(model_bytes([helper.make_node("If", ["a"], ["b"], then_branch=graph)])) == ""
    monkeypatch.setattr(unpacked_size, "MAX_DEPTH", 3)
    assert "not an ONNX model" in refused(
        model_bytes([helper.make_node("If", ["a"], ["b"], then_branch=graph)])
    )
