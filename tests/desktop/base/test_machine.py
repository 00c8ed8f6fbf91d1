"""Missing libraries and drivers are named, with what to do about them."""

import importlib.machinery
import importlib.util
import mmap
import sys
from pathlib import Path

import pytest

from desktop.base import machine
from desktop.base.installed import install_line
from desktop.base.machine import (
    cpu_threads,
    cublas_names,
    distribution_warning,
    free_memory_bytes,
    missing_in_words,
    missing_libraries,
    needed_libraries,
    torch_libraries,
    why_no_cuda,
)

BOTH = ["CUDAExecutionProvider", "CPUExecutionProvider"]


def test_missing_libraries_are_named_with_what_to_install():
    """The first missing library is named and the rest are counted; if none is missing, the text is empty."""
    todo = f"not found: {install_line('cuda')}"
    assert missing_in_words(["libcublasLt.so.13"]) == f"libcublasLt.so.13 {todo}"
    assert missing_in_words(["libcublasLt.so.13", "x", "y"]) == f"libcublasLt.so.13 (and 2 more) {todo}"
    assert missing_in_words([]) == ""


def test_what_does_not_load_is_missing():
    """Every library is tried, and those that fail are returned in order."""
    needed = needed_libraries("13")
    assert missing_libraries("13", load=lambda _: False) == needed
    assert missing_libraries("13", load=lambda _: True) == ()
    assert missing_libraries("13", load=lambda name: "cudnn" in name) == tuple(
        name for name in needed if "cudnn" not in name
    )


@pytest.mark.skipif(sys.platform == "win32", reason="these are Linux's names")
@pytest.mark.parametrize("major", ["12", "13"])
def test_libraries_are_those_of_the_cuda_version(major):
    """CUDA's own libraries have CUDA's version; cuRAND and cuDNN have version numbers of their own."""
    needed = needed_libraries(major)
    assert needed[0] == f"libcublasLt.so.{major}"
    assert {"libcurand.so.10", "libcudnn.so.9"} < set(needed)


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's libraries")
def test_libraries_are_those_that_onnx_runtime_links_to():
    """The installed CUDA provider names each of them, except cuDNN, which it loads while it runs."""
    spec = importlib.util.find_spec("onnxruntime")
    (place,) = spec.submodule_search_locations
    provider = Path(place) / "capi" / "libonnxruntime_providers_cuda.so"
    if not provider.is_file():
        pytest.skip("this ONNX Runtime is built without CUDA")
    with provider.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        names = [name for name in needed_libraries("13") if "cudnn" not in name]
        assert all(content.find(b"\0" + name.encode() + b"\0") > 0 for name in names)
        assert content.find(b"libcufft.so") < 0


def test_why_cuda_is_not_tried():
    """A build without CUDA and a machine without a driver give different reasons; with both there is none."""
    assert why_no_cuda(BOTH[1:], lambda: True) == "this ONNX Runtime is built without CUDA"
    assert why_no_cuda(BOTH, lambda: False) == "found no NVIDIA driver"
    assert why_no_cuda(BOTH, lambda: True) == ""


def test_two_distributions_that_overwrite_each_other_are_warned_of():
    """Both packages together give a warning with versions and advice; one alone gives none."""
    both = {"onnxruntime": "1.31.0", "onnxruntime-gpu": "1.31.1"}
    assert distribution_warning(both) == (
        "found onnxruntime 1.31.0 and onnxruntime-gpu 1.31.1, which overwrite each other, expected one; "
        f"pip uninstall both, then {install_line('desktop')}"
    )
    for name, version in both.items():
        assert distribution_warning({name: version}) == ""
    assert distribution_warning({}) == ""


@pytest.mark.parametrize("file", cublas_names("13"))
def test_the_libraries_that_pytorch_carries_are_found_without_importing_it(tmp_path, monkeypatch, file):
    """PyTorch's folder is found if it has cuBLAS for the same CUDA version; PyTorch's code is not run."""
    lib = tmp_path / "torch" / "lib"
    lib.mkdir(parents=True)
    (tmp_path / "torch" / "__init__.py").write_text("raise SystemExit('imported')")

    def find(name):
        """A PyTorch package in the test's folder."""
        assert name == "torch"
        return importlib.machinery.PathFinder.find_spec(name, [str(tmp_path)])

    monkeypatch.setattr(importlib.util, "find_spec", find)
    assert torch_libraries("13") is None
    (lib / file).touch()
    assert torch_libraries("13") == lib
    assert torch_libraries("12") is None


def test_without_pytorch_there_is_no_folder(monkeypatch):
    """Nothing is found and nothing is raised."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert torch_libraries("13") is None


def test_threads_are_few():
    """At least one thread and at most eight."""
    assert 1 <= cpu_threads() <= 8


@pytest.mark.parametrize(
    ("folder", "limit", "taken", "kept"),
    [
        ("", "memory.max", "memory.current", "inactive_file"),
        ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ],
)
def test_files_kept_in_memory_are_free_in_a_container(folder, limit, taken, kept, tmp_path, monkeypatch):
    """Of 1,000 bytes, 900 are in use, 600 of them for cached files; without a limit all memory counts."""
    monkeypatch.setattr(machine, "GROUPS", tmp_path)
    group = tmp_path / folder
    group.mkdir(exist_ok=True)
    (group / limit).write_text("1000\n")
    (group / taken).write_text("900\n")
    assert free_memory_bytes() == 100
    (group / "memory.stat").write_text(f"cache 700\ninactive_file 0\n{kept} 600\n")
    assert free_memory_bytes() == 700
    for no_limit in ("max\n", f"{(1 << 63) - 4096}\n"):
        (group / limit).write_text(no_limit)
        assert free_memory_bytes() > 1000
