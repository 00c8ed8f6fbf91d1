"""Measures how fast this runtime, PyTorch, torch.compile and TensorFlow decode pictures, in one run.

    python tests/benchmarks/decode.py [--rounds 7] [--tensorflow-python PATH] [--no-compile]

All run the tutorial's network with the same random weights. This runtime runs it from a graph in phases and
from one with the layers of training (`export.onnx --no-phases`). They take turns on the cores of this
process, round by round, so that other load affects all of them alike. A large float32 matrix product also
takes its turn, to show the rate that the cores can reach. The time of a round is the median of five to twenty
decodes in a row.

The output gives medians with the least and the most over the rounds, the share of the product's rate, the
times of one picture, and the share of a core that an idle model uses. `--chunks 5,10,20` compares chunk sizes
instead.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from desktop.base.watchdog import LINGER_S
from desktop.models.model import Model
from desktop.models.open_source import open_source
from export.graphs import BATCH_AXIS, OPSET, export_decoder
from export.phased_decoder import phased_decoder

IMAGE_SHAPE, LATENT_DIM = (1, 28, 28), 2
BATCHES = (1, 16, 64, 400, 2500)
PRODUCT_SIZE = 2048
ONE_PICTURE_RUNS = 2000
IDLE_S = 4.0
REST_S = 0.05  # a pause, because other runtimes' threads fall asleep only some milliseconds after their work
Decode = Callable[[NDArray[np.float32]], NDArray[np.float32]]

# Runs in another interpreter. Each line on stdin is {"z": …}, and each line on stdout is milliseconds.
TENSORFLOW = """
import json, os, sys, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, tensorflow as tf
folder = sys.argv[1]
w = {k: tf.constant(v) for k, v in np.load(folder + "/weights.npz").items()}
z = np.load(folder + "/z.npy")
first, height, width = (int(n) for n in sys.argv[2:5])

def layer(h, i, stride):
    n, s, k = tf.shape(h)[0], h.shape, w[f"kernel{i}"]
    shape = [n, s[1] * stride, s[2] * stride, k.shape[2]]
    return tf.nn.bias_add(tf.nn.conv2d_transpose(h, k, shape, stride, "SAME"), w[f"bias{i}"])

@tf.function(input_signature=[tf.TensorSpec([None, z.shape[1]], tf.float32)])
def decode(z):
    h = tf.nn.relu(z @ w["dense"] + w["dense_bias"])
    h = tf.reshape(h, [-1, height, width, first])
    h = tf.nn.relu(layer(h, 1, 2))
    h = tf.nn.relu(layer(h, 2, 2))
    return tf.transpose(tf.sigmoid(layer(h, 3, 1)), [0, 3, 1, 2])

np.save(folder + "/found.npy", decode(tf.constant(z[:64])).numpy())
print(json.dumps(tf.__version__), flush=True)
for line in sys.stdin:
    batch = tf.constant(z[:int(line)])
    start = time.perf_counter()
    decode(batch).numpy()
    print(1e3 * (time.perf_counter() - start), flush=True)
"""


class TensorFlow:
    """The same network in another interpreter, which decodes on request."""

    def __init__(self, python: str, weights: dict[str, NDArray], start_shape: tuple, z: NDArray) -> None:
        self.folder = tempfile.TemporaryDirectory()
        folder = Path(self.folder.name)
        np.savez(folder / "weights.npz", **as_keras(weights, start_shape))
        np.save(folder / "z.npy", z)
        command = [python, "-c", TENSORFLOW, str(folder), *map(str, start_shape)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.version = json.loads(self._line())
        self.found = np.load(folder / "found.npy")

    def decode_ms(self, count: int) -> float:
        """The time of one decode of the first `count` latents."""
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return float(self._line())

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()
        self.folder.cleanup()

    def _line(self) -> str:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("TensorFlow's process ended; is it installed under that interpreter?")
        return line


def as_keras(weights: dict[str, NDArray], start_shape: tuple[int, int, int]) -> dict[str, NDArray]:
    """Our decoder's weights for channels-last, unmirrored images (see `training.model.Decoder`)."""
    first, height, width = start_shape
    dense = weights["dense.weight"].reshape(first, height, width, -1)[:, ::-1, ::-1]
    bias = weights["dense.bias"].reshape(first, height, width)[:, ::-1, ::-1]
    found = {
        "dense": dense.transpose(3, 1, 2, 0).reshape(dense.shape[-1], -1),
        "dense_bias": bias.transpose(1, 2, 0).reshape(-1),
    }
    for i in (1, 2, 3):
        found[f"kernel{i}"] = weights[f"conv{i}.weight"].transpose(2, 3, 1, 0)[::-1, ::-1]
        found[f"bias{i}"] = weights[f"conv{i}.bias"]
    return {name: np.ascontiguousarray(array) for name, array in found.items()}


def drawn_model() -> Any:
    """The tutorial's VAE with weights initialized as for a fit."""
    import torch

    from training.model import ConvVAE

    model = ConvVAE().eval()
    model.reset_parameters(torch.Generator().manual_seed(0))
    return model


def open_model(graph: onnx.ModelProto, folder: Path, name: str) -> Model:
    """A decoder's graph in this runtime."""
    path = folder / f"{name}.onnx"
    path.write_bytes(graph.SerializeToString())
    return Model(open_source(path), "cpu")


def picture_flops(weights: dict[str, NDArray], start_shape: tuple[int, int, int]) -> int:
    """Multiplications and additions per picture: every weight at every pixel that it reads."""
    pixels = start_shape[1] * start_shape[2]
    total = weights["dense.weight"].size
    for i, factor in ((1, 1), (2, 4), (3, 16)):
        total += weights[f"conv{i}.weight"].size * pixels * factor
    return 2 * total


def torch_decoders(decoder: Any, threads: int, compiled: bool) -> dict[str, Decode]:
    """The network in PyTorch, eager and compiled."""
    import torch

    torch.set_num_threads(threads)

    def wrapped(module: Callable) -> Decode:
        def decode(z: NDArray[np.float32]) -> NDArray[np.float32]:
            with torch.inference_mode():
                return module(torch.from_numpy(z)).sigmoid().numpy()

        return decode

    found = {f"PyTorch {torch.__version__}": wrapped(decoder)}
    if not compiled:
        print("torch.compile: left out")
    elif not shutil.which("g++"):
        print("torch.compile: left out, because it needs g++ and found none")
    else:
        found["torch.compile"] = wrapped(torch.compile(decoder, dynamic=True))
    return found


def timed(function: Callable[[], object]) -> float:
    """The time of one call in milliseconds."""
    start = time.perf_counter()
    function()
    return 1e3 * (time.perf_counter() - start)


def in_words(values: list[float], digits: int = 1) -> str:
    """The median, with the least and the most in brackets."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def compare_chunks(model: Model, z: NDArray[np.float32], sizes: list[int], rounds: int) -> None:
    """Decode the 400 pictures in chunks of several sizes, in turn."""
    times: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(rounds + 1):
        for size in sizes:
            model._chunk = size
            times[size].append(timed(lambda: model.decode(z[:400])))
    for size in sizes:
        print(f"  400 pictures in chunks of {size:3}: {in_words(times[size][1:])} ms")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tensorflow-python", help="an interpreter that has TensorFlow")
    parser.add_argument(
        "--no-compile", action="store_true", help="leave torch.compile out: it takes a minute"
    )
    parser.add_argument("--chunks", help="compare these chunk sizes instead, such as 5,10,20,40")
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    print(
        f"{platform.machine()}, {cores} cores, Python {platform.python_version()}, {arguments.rounds} rounds"
    )
    drawn = drawn_model()
    graphs = {
        "phases": phased_decoder(drawn.state_dict(), IMAGE_SHAPE, OPSET, BATCH_AXIS),
        "layers": export_decoder(drawn.decoder, LATENT_DIM),
    }
    with tempfile.TemporaryDirectory() as folder:
        model, plain = (open_model(graph, Path(folder), name) for name, graph in graphs.items())
    z = np.random.default_rng(0).standard_normal((max(BATCHES), model.latent_dim), dtype=np.float32)
    if arguments.chunks:
        compare_chunks(model, z, [int(size) for size in arguments.chunks.split(",")], arguments.rounds)
        model.close()
        plain.close()
        return

    model.decode(z[:400])
    time.sleep(2 * LINGER_S)
    burned, start = time.process_time(), time.perf_counter()
    time.sleep(IDLE_S)
    idle = (time.process_time() - burned) / (time.perf_counter() - start)
    one = [timed(lambda i=i: model.decode(z[i : i + 1])) for i in range(ONE_PICTURE_RUNS)]
    p50, p99 = np.percentile(one, [50, 99])

    weights = {name: tensor.numpy() for name, tensor in drawn.decoder.state_dict().items()}
    start_shape = drawn.decoder.start_shape
    decoders = {"this runtime": model.decode, "with --no-phases": plain.decode}
    decoders |= torch_decoders(drawn.decoder, cores, not arguments.no_compile)
    tensorflow = None
    if arguments.tensorflow_python:
        tensorflow = TensorFlow(arguments.tensorflow_python, weights, start_shape, z)
    else:
        print("TensorFlow: left out; use --tensorflow-python PATH to name an interpreter that has it")

    expected = model.decode(z[:64])
    for name, decode in decoders.items():
        difference = float(np.abs(decode(z[:64]) - expected).max())
        assert difference < 1e-5, f"{name} computes something else: {difference}"
    if tensorflow is not None:
        difference = float(np.abs(tensorflow.found - expected).max())
        assert difference < 1e-5, f"TensorFlow computes something else: {difference}"
    contestants: dict[str, Callable[[int], float]] = {
        name: (lambda count, decode=decode: timed(lambda: decode(z[:count])))
        for name, decode in decoders.items()
    }
    if tensorflow is not None:
        contestants[f"TensorFlow {tensorflow.version}"] = tensorflow.decode_ms

    matrix = np.random.default_rng(1).random((PRODUCT_SIZE, PRODUCT_SIZE), dtype=np.float32)
    product, times = [], {(name, count): [] for name in contestants for count in BATCHES}
    for round_ in range(arguments.rounds + 1):  # the first round warms up and does not count
        rate = 2e-6 * PRODUCT_SIZE**3 / timed(lambda: matrix @ matrix)
        if round_:
            product.append(rate)
        for count in BATCHES:
            for name, decode_ms in contestants.items():
                time.sleep(REST_S)
                # Several decodes in a row, because the first one after a rest has to wake a sleeping core.
                repeats = max(5, min(20, 64 // count))
                values = [decode_ms(count) for _ in range(repeats)]
                if round_:
                    times[name, count].append(statistics.median(values))
    if tensorflow is not None:
        tensorflow.close()
    model.close()
    plain.close()

    flops = picture_flops(weights, start_shape)
    rate = statistics.median(product)
    print(f"matrix product {PRODUCT_SIZE}³, float32: {in_words(product, 0)} GFLOP/s")
    print(f"one picture: {flops / 1e6:.2f} MFLOP")
    for count in BATCHES:
        ours = statistics.median(times["this runtime", count])
        print(f"{count:,} pictures, ms: median (least to most)")
        for name in contestants:
            median = statistics.median(times[name, count])
            reached = flops * count / median / 1e6
            print(
                f"  {name:22} {in_words(times[name, count], 2):32} {median / ours:5.2f} × ours, "
                f"{reached:5.1f} GFLOP/s, {reached / rate:4.0%} of the product's"
            )
    print(f"one picture by this runtime, {len(one):,} times: p50 {p50:.3f} ms, p99 {p99:.3f} ms")
    print(f"idle with a model open: {idle:.2%} of a core over {IDLE_S:g} s")


if __name__ == "__main__":
    main()
