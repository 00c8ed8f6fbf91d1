"""A model says where it really runs, and falls back to the CPU with a reason."""

import ctypes
import dataclasses
import time

import numpy as np
import onnxruntime as ort
import pytest

from desktop.base.machine import DRIVER_LIBRARY, DeviceError
from desktop.models.cuda_session import CudaSession
from desktop.models.device_choice import LONG_MS
from desktop.models.model import Model
from desktop.models.open_source import open_source
from desktop.models.sessions import Sessions
from tests.desktop.foreign_models import decoder as foreign_decoder


def has_driver():
    """Whether CUDA could be tried on this machine."""
    try:
        ctypes.CDLL(DRIVER_LIBRARY)
    except OSError:
        return False
    return "CUDAExecutionProvider" in ort.get_available_providers()


def test_the_cpu_is_named_when_it_was_asked_for(bundle_path, make_model):
    """The description gives the CPU and its threads, and the reason is that the CPU was requested."""
    device = make_model(bundle_path, "cpu").device
    assert device.kind == "cpu"
    assert device.description.startswith("CPU, ")
    assert device.reason == "the CPU was requested"


@pytest.mark.skipif(has_driver(), reason="there is a GPU")
def test_without_a_driver_auto_runs_on_the_cpu_and_says_why(bundle_path, make_model):
    """The device is the one that the session reports, not one that the package could use."""
    device = make_model(bundle_path, "auto").device
    assert device.kind == "cpu"
    assert device.reason in ("found no NVIDIA driver", "this ONNX Runtime is built without CUDA")


@pytest.mark.skipif(has_driver(), reason="there is a GPU")
def test_cuda_that_was_asked_for_is_not_silently_the_cpu(bundle_path):
    """Without a driver, `cuda` is an error that says what was found; its options are hints."""
    with pytest.raises(DeviceError) as caught:
        Model(open_source(bundle_path), "cuda")
    assert str(caught.value).endswith("; expected CUDA to run the model")
    assert caught.value.option == "device cuda"
    assert caught.value.hints == ("device auto", "device cpu")


@pytest.mark.skipif(has_driver(), reason="there is a GPU")
def test_cuda_that_fails_at_its_first_run_is_left_with_a_reason(bundle_path, make_model, monkeypatch, capsys):
    """With a driver but without CUDA's libraries the model runs on the CPU, and nothing is printed."""
    monkeypatch.setattr("desktop.base.machine.why_no_cuda", lambda _: "")
    device = make_model(bundle_path, "auto").device
    assert device.kind == "cpu"
    assert "not found: " in device.reason or device.reason.startswith("CUDA failed")
    assert capsys.readouterr().out == ""


class Pretended(CudaSession):
    """A session on CUDA whose tensors are bound on the CPU."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, device_kind="cpu", **options)


@pytest.fixture
def pretended(monkeypatch):
    """A device that looks like CUDA; `pretended(kind)` makes its sessions of another kind."""
    if has_driver():
        pytest.skip("there is a GPU")

    def use(kind):
        monkeypatch.setattr("desktop.models.sessions.CudaSession", kind)

    monkeypatch.setattr("desktop.base.machine.why_no_cuda", lambda _: "")
    monkeypatch.setattr("desktop.models.cuda_session.nodes_on_cuda", lambda _: (33, 33))
    use(Pretended)
    return use


def test_on_a_pretended_device_all_results_are_those_of_the_cpu(
    bundle_path, make_model, plain_decoder, pretended
):
    """The path of CUDA with tensors bound on the CPU: sizes, recording, logits and encoder."""

    class LateAtFirst(Pretended):
        """A session whose first run takes longer."""

        def run(self, *arguments):
            """The first run takes longer, as on CUDA, where it loads libraries."""
            if not first:
                first.append(self)
                time.sleep(2e-3 * LONG_MS)
            return super().run(*arguments)

    first = []
    pretended(LateAtFirst)
    model, on_cpu = make_model(bundle_path, "auto"), make_model(bundle_path, "cpu")
    assert (model.device.kind, model.device.description, model.device.reason) == ("cuda", "CUDA", "")
    assert model._loaded.is_recorded
    z = np.random.default_rng(0).normal(size=(90, 2)).astype(np.float32)
    assert model.decode(z) == pytest.approx(plain_decoder(bundle_path)(z), abs=1e-6)
    assert model.decode_logits(z) == pytest.approx(on_cpu.decode_logits(z), abs=1e-4)
    images = model.source.bundle.read_posterior().images[:5].astype(np.float32)
    assert model.encode(images)[0] == pytest.approx(on_cpu.encode(images)[0], abs=1e-5)
    assert {size for _, ((_, (size, _), _),) in model._loaded._bound} <= {1, 16, 64}
    assert model.device.kind == "cuda"


@pytest.mark.usefixtures("pretended")
def test_after_cuda_failed_runs_are_as_on_the_cpu(bundle_path, make_model, plain_decoder, monkeypatch):
    """Runs have few pictures and no padding, and use all cores."""
    model = make_model(bundle_path, "auto")
    z = np.random.default_rng(0).normal(size=(25, 2)).astype(np.float32)
    model.decode(z)
    session = model._loaded
    session._cpu = session._on_cpu(RuntimeError("CUDA failure 700"))
    sizes, run = [], session.run

    def watched(outputs, inputs, options):
        sizes.extend(len(array) for array in inputs.values())
        return run(outputs, inputs, options)

    monkeypatch.setattr(session, "run", watched)
    assert model.decode(z, most_threads=1) == pytest.approx(plain_decoder(bundle_path)(z), abs=1e-6)
    assert sizes == [10, 10, 5]


@pytest.mark.usefixtures("all_are_slow")
def test_whether_a_decoder_is_slow_is_measured_on_the_device(tmp_path, opened, pretended, monkeypatch):
    """What takes minutes on a CPU may take milliseconds there; if the device fails, it is slow again."""

    def fail(*_):
        raise RuntimeError("CUDA failure 700")

    source = open_source(foreign_decoder(tmp_path / "slow.onnx", image_shape=(1, 8, 8)))
    source = dataclasses.replace(source, first=dataclasses.replace(source.first, seconds=60.0))
    on_cpu = opened(source, "cpu")
    assert on_cpu.is_slow
    assert on_cpu.first is source.first
    assert on_cpu.picture_s == 60
    model = opened(source, "auto")
    assert model.device.kind == "cuda"
    assert not model.is_slow
    assert model.first is None
    assert model.picture_s < 60
    z = np.random.default_rng(0).normal(size=(3, source.reading.latent_dim)).astype(np.float32)
    expected = on_cpu.decode(z)
    assert model.decode(z) == pytest.approx(expected, abs=1e-6)
    model.picture_s = 1e-9
    monkeypatch.setattr(model._loaded, "_run", fail)
    assert model.decode(z) == pytest.approx(expected, abs=1e-6)
    assert model.device.reason == "CUDA failed (CUDA failure 700)"
    assert model.is_slow
    assert model.picture_s == model.last_decode_ms / 1e3 / len(z)

    class Late(Pretended):
        """A session whose runs take longer."""

        def run(self, *arguments):
            """Run as usual after a delay."""
            time.sleep(1e-3 * LONG_MS)
            return super().run(*arguments)

    pretended(Late)
    late = opened(source, "auto")
    assert late.is_slow
    assert late.first.z == source.first.z
    assert late.picture_s == late.first.seconds < 60


@pytest.mark.usefixtures("all_are_slow", "pretended")
def test_a_slow_decoder_that_cuda_does_not_run_is_decoded_picture_by_picture(
    bundle_path, opened, monkeypatch
):
    """It is decoded as if opened on the CPU: a batch of CUDA's size could not be interrupted."""
    monkeypatch.setattr("desktop.models.cuda_session.nodes_on_cuda", lambda _: (0, 33))
    model = opened(open_source(bundle_path), "auto")
    assert model.device.kind == "cpu"
    assert model.is_slow
    sizes, run = [], model._sessions.run

    def watched(session, name, outputs, inputs):
        sizes.extend(len(array) for array in inputs.values())
        return run(session, name, outputs, inputs)

    monkeypatch.setattr(model._sessions, "run", watched)
    model.decode(np.zeros((3, model.latent_dim), np.float32))
    assert sizes == [1, 1, 1]


@pytest.mark.usefixtures("all_are_slow", "pretended")
def test_a_slow_decoder_is_not_run_to_be_opened_where_cuda_runs_none_of_it(bundle_path, opened, monkeypatch):
    """That happens with a driver but without CUDA's libraries; the decoder was already tried on the CPU."""
    source, runs = open_source(bundle_path), []
    run = Sessions.run

    def counted(self, *arguments):
        runs.append(arguments)
        return run(self, *arguments)

    monkeypatch.setattr(Sessions, "run", counted)
    assert opened(source, "auto").device.kind == "cuda"
    assert runs
    runs.clear()
    monkeypatch.setattr("desktop.models.device_choice.cuda_session.nodes_on_cuda", lambda _: (0, 33))
    model = opened(source, "auto")
    assert model.device.kind == "cpu"
    assert model.first is source.first
    assert model.picture_s == source.first.seconds
    assert not runs


@pytest.mark.skipif(not has_driver(), reason="there is no GPU")
def test_on_a_gpu_decoding_agrees_with_the_cpu(bundle_path, make_model):
    """CUDA, if it runs, gives the CPU's probabilities to a thousandth."""
    model = make_model(bundle_path, "auto")
    if model.device.kind != "cuda":
        pytest.skip(model.device.reason)
    z = np.random.default_rng(0).normal(size=(401, 2)).astype(np.float32)
    assert model.decode(z) == pytest.approx(make_model(bundle_path, "cpu").decode(z), abs=1e-3)
