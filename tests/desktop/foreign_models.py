"""Small decoders and encoders as other tools write them, of any layout, type, range, batch and inputs."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    arrays: dict[str, np.ndarray],
    metadata: dict[str, str] | None = None,
) -> Path:
    """Check a model and write it. By default, its metadata name its prior."""
    graph = helper.make_graph(
        nodes, "graph", inputs, outputs, [numpy_helper.from_array(a, name) for name, a in arrays.items()]
    )
    opsets = [helper.make_opsetid("", 20)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="elsewhere")
    helper.set_model_props(model, {"prior": "normal"} if metadata is None else metadata)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def smooth_weights(latent_dim: int, channels: int, height: int, width: int, layout: str) -> np.ndarray:
    """Weights float32 [d, pixels] for pictures with smooth neighbours, in the given layout."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    maps = [
        [np.sin(3 * (k + 1) * x + c) + np.cos(2 * (k + 1) * y - c) for c in range(channels)]
        for k in range(latent_dim)
    ]
    pictures = np.array(maps, np.float32)  # [d, C, H, W]
    if layout in ("NHWC", "flat"):
        pictures = pictures.transpose(0, 2, 3, 1)
    return np.ascontiguousarray(pictures).reshape(latent_dim, -1)


def decoder(
    path: Path,
    layout: str = "NCHW",
    image_shape: tuple[int, int, int] = (1, 8, 10),
    latent_dim: int = 2,
    z_shape: list[object] | None = None,
    last: str = "Sigmoid",
    dtype: type = np.float32,
    bytes_out: bool = False,
    scale: float = 1.0,
    shift: float = 0.0,
    z_name: str = "latent",
    more_inputs: list[onnx.ValueInfoProto] | None = None,
    metadata: dict[str, str] | None = None,
) -> Path:
    """A decoder last(scale · z · W + shift). Other inputs are used, but with a factor of zero."""
    channels, height, width = image_shape
    shape = {
        "NCHW": [channels, height, width],
        "NHWC": [height, width, channels],
        "NHW": [height, width],
        "flat": [channels * height * width],
        "flat CHW": [channels * height * width],
    }[layout]
    z_shape = ["N", latent_dim] if z_shape is None else z_shape
    batch = z_shape[0] if len(z_shape) > 1 else 1
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    arrays: dict[str, np.ndarray] = {
        "rows": np.array([-1, latent_dim], np.int64),
        "weights": (scale * smooth_weights(latent_dim, *image_shape, layout)).astype(dtype),
        "bias": np.array(shift, dtype),
        "shape": np.array([-1, *shape], np.int64),
        "nothing": np.array(0, dtype),
    }
    nodes = [
        helper.make_node("Reshape", [z_name, "rows"], ["z"]),
        helper.make_node("MatMul", ["z", "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["sum"]),
    ]
    now = "sum"
    for index, value in enumerate(more_inputs or []):
        nodes += [
            helper.make_node("Cast", [value.name], [f"cast{index}"], to=kind),
            helper.make_node("ReduceSum", [f"cast{index}"], [f"all{index}"], keepdims=0),
            helper.make_node("Mul", [f"all{index}", "nothing"], [f"none{index}"]),
            helper.make_node("Add", [now, f"none{index}"], [f"plus{index}"]),
        ]
        now = f"plus{index}"
    if last == "Clip":
        arrays |= {"low": np.array(0, dtype), "high": np.array(1, dtype)}
        nodes.append(helper.make_node("Clip", [now, "low", "high"], ["last"]))
    elif last:
        nodes.append(helper.make_node(last, [now], ["last"]))
    else:
        nodes.append(helper.make_node("Identity", [now], ["last"]))
    if bytes_out:
        arrays["most"] = np.array(255, dtype)
        nodes += [
            helper.make_node("Mul", ["last", "most"], ["large"]),
            helper.make_node("Cast", ["large"], ["whole"], to=TensorProto.UINT8),
            helper.make_node("Reshape", ["whole", "shape"], ["image"]),
        ]
    else:
        nodes.append(helper.make_node("Reshape", ["last", "shape"], ["image"]))
    inputs = [helper.make_tensor_value_info(z_name, kind, z_shape), *(more_inputs or [])]
    outputs = [
        helper.make_tensor_value_info("image", TensorProto.UINT8 if bytes_out else kind, [batch, *shape])
    ]
    return save(path, nodes, inputs, outputs, arrays, metadata)


def conditional(path: Path, table: bool = True, one_hot: bool = False) -> Path:
    """Pictures of a class: sigmoid(strength · z · W + row `label` of four).

    Without a `table`, the graph does not show how many classes there are. A `one_hot` label has four numbers,
    which are the weights of the rows.
    """
    arrays: dict[str, np.ndarray] = {
        "weights": smooth_weights(2, 1, 8, 10, "NCHW"),
        "rows": np.linspace(-3, 3, 4 * 80, dtype=np.float32).reshape(4, 80),
        "shape": np.array([-1, 1, 8, 10], np.int64),
    }
    nodes = [
        helper.make_node("MatMul", ["z", "weights"], ["product"]),
        helper.make_node("Mul", ["product", "strength"], ["times"]),
        helper.make_node("Identity", ["rows"], ["same rows"]),
        helper.make_node("MatMul", ["label", "rows"], ["row"])
        if one_hot
        else helper.make_node("Gather", ["rows" if table else "same rows", "label"], ["row"]),
        helper.make_node("Add", ["times", "row"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["last"]),
        helper.make_node("Reshape", ["last", "shape"], ["image"]),
    ]
    inputs = [
        helper.make_tensor_value_info("z", FLOAT, ["N", 2]),
        helper.make_tensor_value_info("label", FLOAT, ["N", 4])
        if one_hot
        else helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
        helper.make_tensor_value_info("strength", FLOAT, []),
    ]
    outputs = [helper.make_tensor_value_info("image", FLOAT, ["N", 1, 8, 10])]
    return save(path, nodes, inputs, outputs, arrays)


def encoder(
    path: Path,
    kind: str = "two",
    x_shape: list[object] | None = None,
    latent_dim: int = 2,
    names: tuple[str, str] = ("z_mean", "z_log_var"),
    spread: str = "logvar",
    more_inputs: list[onnx.ValueInfoProto] | None = None,
) -> Path:
    """An encoder with mean and spread by a matrix: "two" outputs, "joined" in one, or the mean "alone"."""
    x_shape = ["N", 1, 8, 10] if x_shape is None else x_shape
    pixels = int(np.prod([size for size in x_shape[1:] if isinstance(size, int)]))
    draw = np.random.default_rng(0)
    arrays = {
        "row": np.array([-1, pixels], np.int64),
        "to_mean": draw.normal(0, 0.1, (pixels, latent_dim)).astype(np.float32),
        "to_spread": draw.normal(0, 0.1, (pixels, latent_dim)).astype(np.float32),
    }
    mean, second = names
    nodes = [
        helper.make_node("Reshape", ["picture", "row"], ["flat"]),
        helper.make_node("MatMul", ["flat", "to_mean"], [mean if kind != "joined" else "left"]),
    ]
    outputs = [helper.make_tensor_value_info(mean, FLOAT, ["N", latent_dim])]
    if kind != "alone":
        nodes.append(helper.make_node("MatMul", ["flat", "to_spread"], ["raw"]))
        after = second if kind == "two" else "right"
        operator = {"logvar": "Identity", "logstd": "Identity", "variance": "Exp", "std": "Exp"}[spread]
        nodes.append(helper.make_node(operator, ["raw"], [after]))
        if kind == "two":
            outputs.append(helper.make_tensor_value_info(second, FLOAT, ["N", latent_dim]))
        else:
            nodes.append(helper.make_node("Concat", ["left", "right"], ["both"], axis=1))
            outputs = [helper.make_tensor_value_info("both", FLOAT, ["N", 2 * latent_dim])]
    inputs = [*(more_inputs or []), helper.make_tensor_value_info("picture", FLOAT, x_shape)]
    return save(path, nodes, inputs, outputs, arrays)


def graph(
    path: Path,
    inputs: dict[str, list[object]],
    outputs: dict[str, list[object]],
    seed: int = 0,
    last: str = "",
    smooth: bool = False,
) -> Path:
    """A model with any inputs and outputs: each output is a matrix times the first input, in a given shape.

    The first size of every shape is the batch's. The other inputs are used with a factor of zero, and `last`
    is the operator before each output. In `smooth` pictures, neighbouring pixels are similar.
    """
    (z_name, z_shape), *others = inputs.items()
    taken = int(np.prod([8 if isinstance(size, str) else size for size in z_shape[1:]]))
    draw = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {"rows": np.array([-1, taken], np.int64), "none": np.array(0, np.float32)}
    nodes = [helper.make_node("Reshape", [z_name, "rows"], ["flat"])]
    now = "flat"
    for index, (name, _) in enumerate(others):
        nodes += [
            helper.make_node("ReduceSum", [name], [f"all{index}"], keepdims=0),
            helper.make_node("Mul", [f"all{index}", "none"], [f"none{index}"]),
            helper.make_node("Add", [now, f"none{index}"], [f"plus{index}"]),
        ]
        now = f"plus{index}"
    for name, shape in outputs.items():
        sizes = [1 if isinstance(size, str) else int(size) for size in shape[1:]]  # type: ignore[call-overload]
        count = int(np.prod(sizes))
        side = max(1, round(count**0.5))
        weights = (
            smooth_weights(taken, 1, side, count // side, "NCHW")
            if smooth
            else draw.normal(0, 1, (taken, count)).astype(np.float32)
        )
        arrays |= {f"{name} weights": weights, f"{name} shape": np.array([-1, *sizes], np.int64)}
        nodes.append(helper.make_node("MatMul", [now, f"{name} weights"], [f"{name} product"]))
        product = f"{name} product"
        if last:
            nodes.append(helper.make_node(last, [product], [f"{name} last"]))
            product = f"{name} last"
        nodes.append(helper.make_node("Reshape", [product, f"{name} shape"], [name]))
    return save(
        path,
        nodes,
        [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in outputs.items()],
        arrays,
    )


def sliced(path: Path, latent_dim: int, side: int = 64) -> Path:
    """A cheap decoder of very many dimensions: the sigmoid of the first side² numbers of z."""
    nodes = [
        helper.make_node("Slice", ["z", "from", "to", "axis"], ["first"]),
        helper.make_node("Sigmoid", ["first"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["image"]),
    ]
    arrays = {
        "from": np.array([0]),
        "to": np.array([side**2]),
        "axis": np.array([1]),
        "shape": np.array([-1, 1, side, side]),
    }
    inputs = [helper.make_tensor_value_info("z", FLOAT, ["N", latent_dim])]
    outputs = [helper.make_tensor_value_info("image", FLOAT, ["N", 1, side, side])]
    return save(path, nodes, inputs, outputs, arrays)
