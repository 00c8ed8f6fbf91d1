"""A decoder's graph without its last sigmoid: its logits, which probabilities in float32 do not hold.

ONNX Runtime's sigmoid ends at ±18, and a probability near 1 has few digits left. For a picture unlike the
data, log p(x|z) is made of just such pixels. Needs the onnx package alone.
"""

import onnx
from google.protobuf.message import DecodeError

# What only moves numbers about: it may stand between the sigmoid and the output.
MOVES = frozenset({"Identity", "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze"})


def without_sigmoid(decoder: bytes, output: str) -> bytes | None:
    """The graph whose `output` is the logits of what it was; None where no sigmoid makes it."""
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
