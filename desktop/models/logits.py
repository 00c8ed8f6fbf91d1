"""Removes a decoder's last sigmoid, because float32 probabilities do not determine its logits.

ONNX Runtime's sigmoid saturates at ±18, and a float32 near 1 says little about the logit. In a picture unlike
the data, it is these pixels that dominate log p(x|z). Needs only the onnx package.
"""

import onnx
from google.protobuf.message import DecodeError

# Operators that only rearrange numbers: they may follow the sigmoid.
MOVES = frozenset({"Identity", "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze"})


def without_sigmoid(decoder: bytes, output: str) -> bytes | None:
    """The graph with the logits as its `output`; None if no sigmoid computes that output."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(decoder)
    except DecodeError:
        return None
    makers = {name: node for node in model.graph.node for name in node.output}
    last = makers.get(output)
    while last is not None and last.op_type in MOVES:
        last = makers.get(last.input[0])
    if last is None or last.op_type != "Sigmoid" or last.domain not in ("", "ai.onnx"):
        return None
    last.op_type = "Identity"
    return bytes(model.SerializeToString())
