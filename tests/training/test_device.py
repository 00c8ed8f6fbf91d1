"""training/device.py: a device that is available, or an error in one line."""

import re

import pytest
import torch

from training.device import DeviceError, describe_device, full_precision, keep_freed_memory, pick_device
from training.held_out import evaluate, posteriors
from training.model import ConvVAE


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_missing_cuda_is_refused():
    """Without a CUDA device the error says so, and names PyTorch's build and what to choose instead."""
    built_for = "without CUDA" if torch.version.cuda is None else f"for CUDA {torch.version.cuda}"
    message = re.escape(
        f"--device cuda: found no CUDA device (PyTorch {torch.__version__}, built {built_for}); "
        "use --device auto or --device cpu"
    )
    with pytest.raises(DeviceError, match=f"^{message}$"):
        pick_device("cuda")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is an MPS device")
def test_missing_mps_is_refused():
    """Without an Apple GPU, MPS is refused with such an error too."""
    with pytest.raises(DeviceError, match=r"^--device mps: found no MPS device"):
        pick_device("mps")


def test_auto_gives_the_best_device_that_works():
    """`auto` prefers CUDA, then MPS, then the CPU, and a tensor can be created on the device."""
    available = [
        kind
        for kind, is_available in (
            ("cuda", torch.cuda.is_available()),
            ("mps", torch.backends.mps.is_available()),
        )
        if is_available
    ]
    device = pick_device("auto")
    assert device.type == [*available, "cpu"][0]
    assert torch.ones(2, device=device).sum().item() == 2


def test_the_cpu_is_always_available():
    """The CPU can be chosen by name."""
    assert pick_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize(("threads", "words"), [(1, "the CPU, 1 thread"), (2, "the CPU, 2 threads")])
def test_the_cpu_is_described_with_its_threads(threads, words):
    """The description has the number of threads, in the singular for one."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert describe_device(torch.device("cpu")) == words
    finally:
        torch.set_num_threads(before)


def test_keeping_freed_memory_changes_no_result():
    """After `keep_freed_memory`, called twice, small and large tensors hold the right values."""
    keep_freed_memory()
    keep_freed_memory()
    for size in (1 << 10, 1 << 24):
        assert torch.ones(size).sum().item() == size


def test_figures_are_measured_without_tf32_and_without_a_search():
    """Both are off while a model is evaluated, and are restored afterwards."""
    cudnn = torch.backends.cudnn
    before = cudnn.allow_tf32, cudnn.benchmark
    seen = []
    model = ConvVAE()
    model.encoder.register_forward_hook(lambda *_: seen.append((cudnn.allow_tf32, cudnn.benchmark)))
    images = torch.zeros(2, 1, 28, 28, dtype=torch.uint8)
    try:
        cudnn.allow_tf32, cudnn.benchmark = True, True
        evaluate(model, images)
        posteriors(model, images)
        assert (cudnn.allow_tf32, cudnn.benchmark) == (True, True)
        with pytest.raises(ZeroDivisionError), full_precision():
            1 / 0  # noqa: B018
        assert (cudnn.allow_tf32, cudnn.benchmark) == (True, True)
    finally:
        cudnn.allow_tf32, cudnn.benchmark = before
    assert seen == [(False, False)] * 2
