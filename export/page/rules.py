"""Rules that turn ONNX operators into steps: convolutions, products, arithmetic, normalisation, pooling."""

import numpy as np

from export.page.lowering import Lowering, Node, Rule, Shape
from export.page.moving import MOVING_RULES, broadcast, pick, transpose
from export.page.program import NotLiveError

# Operators with one input, and the parameters that their step needs: (attribute, default).
MAPS: dict[str, tuple[tuple[str, float], ...]] = {
    **dict.fromkeys(
        ("Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "HardSwish", "Mish", "Exp", "Log", "Sqrt",
         "Reciprocal", "Neg", "Abs", "Sin", "Cos", "Erf", "Floor", "Ceil", "Round", "Sign", "Not"),
        (),
    ),
    "LeakyRelu": (("alpha", 0.01),),
    "Elu": (("alpha", 1.0),),
    "Celu": (("alpha", 1.0),),
    "ThresholdedRelu": (("alpha", 1.0),),
    "Swish": (("alpha", 1.0),),
    "Selu": (("alpha", 1.67326319217681884765625), ("gamma", 1.05070102214813232421875)),
    "HardSigmoid": (("alpha", 0.2), ("beta", 0.5)),
}  # fmt: skip
ZIPS = ("Add", "Sub", "Mul", "Div", "Pow", "Mod", "PRelu", "Equal", "Greater", "Less", "GreaterOrEqual",
        "LessOrEqual", "And", "Or", "Xor")  # fmt: skip
FOLDED = {"Min": "Min", "Max": "Max", "Sum": "Add", "Mean": "Add"}
REDUCTIONS = ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
              "ReduceSumSquare", "ReduceLogSumExp", "ReduceLogSum")  # fmt: skip
# The integer types of onnx.TensorProto.
WHOLE_TYPES = frozenset((2, 3, 4, 5, 6, 7, 12, 13))
BOOL_TYPE = 9


def unary(low: Lowering, node: Node) -> int:
    """Operators that compute each number from one number."""
    x = low.number(node.input(0))
    numbers = [float(node.get(name, default)) for name, default in MAPS[node.op]]
    return low.writer.step("map", [x], low.shape(node.input(0)), f=node.op, p=numbers)


def gelu(low: Lowering, node: Node) -> int:
    """Gelu, exact or by tanh."""
    f = "GeluTanh" if node.get("approximate", "none") == "tanh" else "Gelu"
    return low.writer.step("map", [low.number(node.input(0))], low.shape(node.input(0)), f=f, p=[])


def clip(low: Lowering, node: Node) -> int:
    """Clip; the bounds were attributes before opset 11."""
    bounds = [float(node.get("min", -3.4e38)), float(node.get("max", 3.4e38))]
    for index in (1, 2):
        if node.input(index):
            bounds[index - 1] = float(low.array(node.input(index), "a bound").reshape(-1)[0])
    return low.writer.step("map", [low.number(node.input(0))], low.shape(node.input(0)), f="Clip", p=bounds)


def cast(low: Lowering, node: Node) -> int:
    """A cast: whole numbers lose their fraction; the page computes everything in float32."""
    x, kind = low.number(node.input(0)), int(node.get("to"))
    if kind in WHOLE_TYPES or kind == BOOL_TYPE:
        f = "Trunc" if kind in WHOLE_TYPES else "Bool"
        return low.writer.step("map", [x], low.shape(node.input(0)), f=f, p=[])
    return x


def same(low: Lowering, node: Node) -> int:
    """Operators that change nothing in a trained model, such as Dropout."""
    return low.number(node.input(0))


def binary(low: Lowering, node: Node) -> int:
    """Operators that compute each number from two numbers, with broadcasting."""
    return zip_step(low, node.op, low.number(node.input(0)), low.number(node.input(1)))


def zip_step(low: Lowering, f: str, a: int, b: int) -> int:
    """Add a step of two inputs that are broadcast."""
    shapes = low.writer.shapes
    return low.writer.step("zip", [a, b], np.broadcast_shapes(shapes[a], shapes[b]), f=f)


def folded(low: Lowering, node: Node) -> int:
    """Min, Max, Sum and Mean of any number of inputs."""
    result = low.number(node.input(0))
    for name in node.inputs[1:]:
        result = zip_step(low, FOLDED[node.op], result, low.number(name))
    if node.op == "Mean":
        result = zip_step(low, "Div", result, low.writer.constant(np.array(len(node.inputs))))
    return result


def where(low: Lowering, node: Node) -> int:
    """Where; its three inputs are broadcast to the same shape."""
    shape = low.shape(node.outputs[0])
    return low.writer.step("where", [broadcast(low, low.number(name), shape) for name in node.inputs], shape)


def matmul(low: Lowering, node: Node) -> int:
    """MatMul of any ranks."""
    a, b = (low.number(node.input(index)) for index in (0, 1))
    shape_a, shape_b = low.writer.shapes[a], low.writer.shapes[b]
    a = low.writer.view(a, (1, *shape_a)) if len(shape_a) == 1 else a
    b = low.writer.view(b, (*shape_b, 1)) if len(shape_b) == 1 else b
    return low.writer.view(product(low, a, b), low.shape(node.outputs[0]))


def product(low: Lowering, a: int, b: int) -> int:
    """[…, M, K] times […, K, N]."""
    shape_a, shape_b = low.writer.shapes[a], low.writer.shapes[b]
    outer = np.broadcast_shapes(shape_a[:-2], shape_b[:-2])
    rows, inner, columns = shape_a[-2], shape_a[-1], shape_b[-1]
    if np.prod(shape_b[:-2]) == 1:
        count, rows = 1, int(np.prod((*shape_a[:-2], rows)))
    else:
        count = int(np.prod(outer))
        a = broadcast(low, a, (*outer, rows, inner))
        b = broadcast(low, b, (*outer, inner, columns))
    return low.writer.step(
        "matmul",
        [a, b],
        (*outer, shape_a[-2], columns),
        work=count * rows * inner * columns,
        size=[count, rows, inner, columns],
    )


def gemm(low: Lowering, node: Node) -> int:
    """Gemm: alpha A B + beta C."""
    a, b = (low.number(node.input(index)) for index in (0, 1))
    a = transpose(low, a, (1, 0)) if node.get("transA", 0) else a
    b = transpose(low, b, (1, 0)) if node.get("transB", 0) else b
    result = product(low, a, b)
    if node.get("alpha", 1.0) != 1:
        result = zip_step(low, "Mul", result, low.writer.constant(np.array(node.get("alpha"))))
    if node.input(2):
        c = low.number(node.input(2))
        if node.get("beta", 1.0) != 1:
            c = zip_step(low, "Mul", c, low.writer.constant(np.array(node.get("beta"))))
        result = zip_step(low, "Add", result, c)
    return result


def pads_of(node: Node, sizes: Shape, kernel: Shape, out: Shape) -> tuple[list[int], list[int], list[int]]:
    """Strides, dilations and pads of a convolution or pooling; all pads before, then all pads after."""
    strides = list(node.get("strides") or [1] * len(kernel))
    dilations = list(node.get("dilations") or [1] * len(kernel))
    pads = list(node.get("pads") or [0] * 2 * len(kernel))
    auto = node.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        total = [
            max(0, (o - 1) * s + d * (k - 1) + 1 - n)
            for o, s, d, k, n in zip(out, strides, dilations, kernel, sizes, strict=True)
        ]
        before = [t // 2 if auto == "SAME_UPPER" else t - t // 2 for t in total]
        pads = before + [t - b for t, b in zip(total, before, strict=True)]
    elif auto == "VALID":
        pads = [0] * 2 * len(kernel)
    return strides, dilations, pads


def _in_2d(low: Lowering, node: Node, x: int) -> tuple[int, bool]:
    """The input as [N, C, H, W], and whether it was one-dimensional, which becomes a single row."""
    shape = low.writer.shapes[x]
    if len(shape) == 3:
        return low.writer.view(x, (shape[0], shape[1], 1, shape[2])), True
    if len(shape) != 4:
        raise NotLiveError(f"{node.op} in {len(shape) - 2} dimensions")
    return x, False


def conv(low: Lowering, node: Node) -> int:
    """Conv in one or two dimensions."""
    x, row = _in_2d(low, node, low.number(node.input(0)))
    weight = low.number(node.input(1))
    kernel = low.writer.shapes[weight][2:]
    out = low.shape(node.outputs[0])
    strides, dilations, pads = pads_of(node, low.shape(node.input(0))[2:], kernel, out[2:])
    if row:
        kernel, strides, dilations = (1, *kernel), [1, *strides], [1, *dilations]
        pads = [0, pads[0], 0, pads[1]]
    shape = (out[0], out[1], 1, out[2]) if row else out
    group = int(node.get("group", 1))
    inner = low.writer.shapes[weight][1] * int(np.prod(kernel))
    result = low.writer.step(
        "conv",
        [x, weight, *([low.number(node.input(2))] if node.input(2) else [])],
        shape,
        work=int(np.prod(shape)) * inner,
        group=group, kernel=list(kernel), strides=strides, dilations=dilations, pads=pads[:2],
    )  # fmt: skip
    return low.writer.view(result, out)


def conv_transpose(low: Lowering, node: Node) -> int:
    """ConvTranspose in one or two dimensions; its weights are transposed for the matrix product."""
    x, row = _in_2d(low, node, low.number(node.input(0)))
    weight = low.array(node.input(1), "a convolution's weight")
    out = low.shape(node.outputs[0])
    kernel, sizes = weight.shape[2:], low.shape(node.input(0))[2:]
    strides = list(node.get("strides") or [1] * len(kernel))
    dilations = list(node.get("dilations") or [1] * len(kernel))
    pads = list(node.get("pads") or [0] * 2 * len(kernel))
    auto = node.get("auto_pad", "NOTSET")
    if auto == "VALID":
        pads = [0] * 2 * len(kernel)
    elif auto != "NOTSET" or node.get("output_shape"):
        more = node.get("output_padding") or [0] * len(kernel)
        full = [
            s * (n - 1) + p + d * (k - 1) + 1
            for s, n, p, d, k in zip(strides, sizes, more, dilations, kernel, strict=True)
        ]
        total = [f - o for f, o in zip(full, out[2:], strict=True)]
        pads = [t // 2 if auto != "SAME_LOWER" else t - t // 2 for t in total] if auto != "NOTSET" else [
            t - t // 2 for t in total
        ]  # fmt: skip
    if row:
        weight = weight[:, :, None]
        kernel, strides, dilations, pads = (1, *kernel), [1, *strides], [1, *dilations], [0, pads[0]]
    group = int(node.get("group", 1))
    channels, each = weight.shape[:2]
    turned = weight.reshape(group, channels // group, each * int(np.prod(kernel))).transpose(0, 2, 1)
    shape = (out[0], out[1], 1, out[2]) if row else out
    result = low.writer.step(
        "deconv",
        [x, low.writer.constant(turned), *([low.number(node.input(2))] if node.input(2) else [])],
        shape,
        work=int(np.prod(low.writer.shapes[x])) * each * int(np.prod(kernel)),
        group=group, kernel=list(kernel), strides=strides, dilations=dilations, pads=pads[:2],
    )  # fmt: skip
    return low.writer.view(result, out)


def per_channel(low: Lowering, x: int, scale: int | None, shift: int | None) -> int:
    """Multiply and add one number for each channel, which is the second axis."""
    rank = len(low.writer.shapes[x])
    for f, value in (("Mul", scale), ("Add", shift)):
        if value is not None:
            count = int(np.prod(low.writer.shapes[value]))
            x = zip_step(low, f, x, low.writer.view(value, (count, *[1] * (rank - 2))))
    return x


def batch_norm(low: Lowering, node: Node) -> int:
    """BatchNormalization of a trained model: multiply and add one number for each channel."""
    if node.get("training_mode", 0):
        raise NotLiveError("BatchNormalization that still trains")
    scale, bias, mean, variance = (
        low.array(name, "a normalisation's weight").astype(np.float64) for name in node.inputs[1:5]
    )
    factor = scale / np.sqrt(variance + node.get("epsilon", 1e-5))
    constant = low.writer.constant
    return per_channel(low, low.number(node.input(0)), constant(factor), constant(bias - mean * factor))


def group_norm(low: Lowering, node: Node) -> int:
    """InstanceNormalization and GroupNormalization."""
    x = low.number(node.input(0))
    shape = low.writer.shapes[x]
    groups = int(node.get("num_groups", shape[1]))
    each = int(np.prod(shape)) // (shape[0] * groups)
    result = low.writer.step(
        "norm", [x], shape, n=each, center=True, epsilon=float(node.get("epsilon", 1e-5))
    )
    weights = []
    for index in (1, 2):
        value = low.number(node.input(index))
        if low.writer.shapes[value][0] != shape[1]:  # before opset 21, one for each group
            value = pick(low, value, [np.repeat(np.arange(groups), shape[1] // groups)])
        weights.append(value)
    return per_channel(low, result, *weights)


def layer_norm(low: Lowering, node: Node) -> int:
    """LayerNormalization and RMSNormalization over the last axes."""
    x = low.number(node.input(0))
    shape = low.writer.shapes[x]
    axis = int(node.get("axis", -1)) % len(shape)
    result = low.writer.step(
        "norm", [x], shape, n=int(np.prod(shape[axis:])), epsilon=float(node.get("epsilon", 1e-5)),
        center=node.op == "LayerNormalization",
    )  # fmt: skip
    result = zip_step(low, "Mul", result, low.number(node.input(1)))
    return zip_step(low, "Add", result, low.number(node.input(2))) if node.input(2) else result


def reduction(low: Lowering, node: Node) -> int:
    """Reduce… over any axes: they are moved to the end."""
    x = low.number(node.input(0))
    rank = len(low.writer.shapes[x])
    axes = node.get("axes")
    if node.input(1):
        axes = [int(axis) for axis in low.array(node.input(1), "axes").reshape(-1)]
    if not axes:
        if node.get("noop_with_empty_axes", 0):
            return x
        axes = range(rank)
    return _reduced(low, node.op, x, sorted({axis % rank for axis in axes}), low.shape(node.outputs[0]))


def _reduced(low: Lowering, f: str, x: int, axes: list[int], shape: Shape) -> int:
    whole = low.writer.shapes[x]
    kept = [axis for axis in range(len(whole)) if axis not in axes]
    moved = transpose(low, x, (*kept, *axes))
    n = int(np.prod([whole[axis] for axis in axes]))
    result = low.writer.step("reduce", [moved], tuple(whole[axis] for axis in kept), f=f, n=n)
    return low.writer.view(result, shape)


def global_pool(low: Lowering, node: Node) -> int:
    """GlobalAveragePool and GlobalMaxPool."""
    x = low.number(node.input(0))
    f = "ReduceMean" if node.op == "GlobalAveragePool" else "ReduceMax"
    axes = list(range(2, len(low.writer.shapes[x])))
    return _reduced(low, f, x, axes, low.shape(node.outputs[0]))


def softmax(low: Lowering, node: Node) -> int:
    """Softmax and LogSoftmax along one axis, or before opset 13 over all from that axis on."""
    x = low.number(node.input(0))
    shape = low.writer.shapes[x]
    log = node.op == "LogSoftmax"
    if low.found.opset < 13:
        axis = int(node.get("axis", 1)) % len(shape)
        return low.writer.step("softmax", [x], shape, n=int(np.prod(shape[axis:])), log=log)
    axis = int(node.get("axis", -1)) % len(shape)
    order = [other for other in range(len(shape)) if other != axis] + [axis]
    moved = transpose(low, x, tuple(order))
    result = low.writer.step("softmax", [moved], low.writer.shapes[moved], n=shape[axis], log=log)
    return transpose(low, result, tuple(int(place) for place in np.argsort(order)))


def pool(low: Lowering, node: Node) -> int:
    """MaxPool and AveragePool in one or two dimensions."""
    x, row = _in_2d(low, node, low.number(node.input(0)))
    kernel = tuple(node.get("kernel_shape"))
    out = low.shape(node.outputs[0])
    strides, dilations, pads = pads_of(node, low.shape(node.input(0))[2:], kernel, out[2:])
    if row:
        kernel, strides, dilations = (1, *kernel), [1, *strides], [1, *dilations]
        pads = [0, pads[0], 0, pads[1]]
    if node.get("ceil_mode", 0) and node.get("count_include_pad", 0):
        raise NotLiveError(f"{node.op} with ceil_mode")
    result = low.writer.step(
        "pool", [x], (out[0], out[1], 1, out[2]) if row else out,
        work=int(np.prod(out)) * int(np.prod(kernel)),
        kernel=list(kernel), strides=strides, dilations=dilations, pads=pads[:2],
        max=node.op == "MaxPool", whole=bool(node.get("count_include_pad", 0)),
    )  # fmt: skip
    return low.writer.view(result, out)


RULES: dict[str, Rule] = {
    **dict.fromkeys(MAPS, unary),
    **dict.fromkeys(ZIPS, binary),
    **dict.fromkeys(FOLDED, folded),
    **dict.fromkeys(REDUCTIONS, reduction),
    **dict.fromkeys(("Identity", "Dropout"), same),
    **MOVING_RULES,
    "Gelu": gelu,
    "Clip": clip,
    "Cast": cast,
    "CastLike": lambda low, node: same(low, node),
    "Where": where,
    "MatMul": matmul,
    "Gemm": gemm,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "BatchNormalization": batch_norm,
    "InstanceNormalization": group_norm,
    "GroupNormalization": group_norm,
    "LayerNormalization": layer_norm,
    "RMSNormalization": layer_norm,
    "GlobalAveragePool": global_pool,
    "GlobalMaxPool": global_pool,
    "Softmax": softmax,
    "LogSoftmax": softmax,
    "MaxPool": pool,
    "AveragePool": pool,
}
