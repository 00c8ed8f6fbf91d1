"""export/onnx.py: a real run becomes a complete bundle, or gives one line and nothing else."""

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from safetensors.torch import load_file, save_file

from export import exporter
from export.bundle import open_bundle
from export.containers import BundleError
from export.onnx import export_run, main
from export.parity import BATCHES, ParityError
from tests.export.forging import write_small
from training import evaluate as evaluate_module
from training.config import RECIPES
from training.elbo import distortion_nats
from training.evaluate import main as evaluate_main
from training.fitting import fit
from training.held_out import evaluate
from training.model import ConvVAE
from training.runs import create_run, load_weights, read_run

pytestmark = pytest.mark.usefixtures("gradients")

ROOT = Path(__file__).parents[2]

DEFAULT = RECIPES["default"]
FILES = ("decoder.onnx", "encoder.onnx", "posterior.npz")
# The command that would make the small fit of these tests.
FIT_COMMAND = (
    "python -m training.fit --recipe default --epochs 2 --batch-size 16 --learning-rate 0.004 --filters 8 16"
)


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory, few_mnist) -> Path:
    """A run of the smallest network with one epoch."""
    config = dataclasses.replace(DEFAULT, epochs=1, filters=(2, 2))
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    return fit(config, torch.device("cpu"), folder, few_mnist).folder


@pytest.fixture
def broken_run(tiny_run, tmp_path) -> Path:
    """A copy of it in a folder of its own, to be damaged."""
    return Path(shutil.copytree(tiny_run, tmp_path / "runs" / "broken"))


@pytest.fixture(scope="module")
def tiny_export(tmp_path_factory, tiny_run, few_mnist):
    """That run's bundle."""
    out = tmp_path_factory.mktemp("bundles") / "tiny"
    return export_run(read_run(tiny_run), out, "same", dataset=few_mnist)


@pytest.fixture(scope="module")
def bundle(bundle_path):
    """The small fit's bundle, opened."""
    return open_bundle(bundle_path)


def make_nan(run: Path, epoch: int, name: str) -> None:
    """Set one weight of a run to NaN."""
    path = run / f"weights/epoch-{epoch:03d}.safetensors"
    state = load_file(path)
    state[name].view(-1)[0] = float("nan")
    save_file(state, path)


def test_a_bundle_has_everything(bundle, bundle_path):
    """The manifest lists both graphs and the posterior, and the same three files after every epoch."""
    names = {path.relative_to(bundle_path).as_posix() for path in bundle_path.rglob("*") if path.is_file()}
    assert names == {
        "manifest.json",
        "decoder.onnx",
        "encoder.onnx",
        "posterior.npz",
        *(f"epochs/00{epoch}/{file}" for epoch in range(3) for file in FILES),
    }
    assert set(bundle.files) == names - {"manifest.json"}
    assert bundle.epochs == (0, 1, 2)


def test_the_manifest_says_what_the_run_was(bundle, run_folder):
    """Name, image, dimensions, config, commands, metrics and tools are those of the run."""
    run = read_run(run_folder)
    manifest = bundle.manifest
    assert bundle.name == "MNIST, small"
    assert bundle.image_shape == (1, 28, 28)
    assert bundle.latent_dim == 2
    assert bundle.likelihood == "bernoulli"
    assert bundle.label_names == tuple("0123456789")
    assert manifest["dataset"]["name"] == "MNIST, binarized at 0.5"
    assert manifest["metrics"] == run.metrics[-1]
    assert manifest["epochs"] == list(run.metrics)
    assert manifest["opset"] == 20
    expected_fit = dataclasses.asdict(run.config)
    assert manifest["fit"] == expected_fit | {"filters": [8, 16], "image_shape": [1, 28, 28]}
    assert manifest["made_with"] == [
        FIT_COMMAND,
        "python -m export.onnx",
    ]
    assert manifest["tools"]["torch"] == torch.__version__
    assert manifest["tools"]["onnxruntime"] == ort.__version__
    assert manifest["created"].endswith("+00:00")


@pytest.mark.usefixtures("cut_mnist", "traced_once")
@pytest.mark.parametrize("phases", [True, False])
def test_the_decoder_is_in_phases_unless_told_otherwise(run_main, tiny_run, tmp_path, phases):
    """The command's option applies to the decoder of every epoch, and the manifest's command says so."""
    out = tmp_path / "bundle"
    assert run_main(main, tiny_run, "--out", out, *[] if phases else ["--no-phases"]).status == 0
    bundle = open_bundle(out)
    for file in ("decoder.onnx", *(f"epochs/{epoch:03d}/decoder.onnx" for epoch in bundle.epochs)):
        kinds = [node.op_type for node in onnx.load_from_string(bundle.read(file)).graph.node]
        assert kinds.count("ConvTranspose") == (1 if phases else 3)
    assert bundle.manifest["made_with"][1] == "python -m export.onnx" + ("" if phases else " --no-phases")


@pytest.fixture(scope="module")
def three_epochs(tmp_path_factory, few_mnist) -> Path:
    """A run of the smallest network with three epochs. Tests must not write to it."""
    config = dataclasses.replace(DEFAULT, epochs=3, filters=(2, 2))
    folder = tmp_path_factory.mktemp("runs") / "three"
    return fit(config, torch.device("cpu"), folder, few_mnist).folder


@pytest.mark.usefixtures("cut_mnist", "traced_once")
def test_every_nth_epoch_is_exported_and_the_last(run_main, three_epochs, tmp_path):
    """With --every 2, epochs 0, 2 and 3 of three epochs are in the bundle, and its command says so."""
    out = tmp_path / "bundle"
    ended = run_main(main, three_epochs, "--out", out, "--every", 2)
    assert ended.status == 0, ended.err
    assert ended.out.splitlines()[0] == f"exporting {three_epochs}, epochs 0 to 3 in steps of 2"
    bundle = open_bundle(out)
    assert bundle.epochs == (0, 2, 3)
    assert [line["epoch"] for line in bundle.manifest["epochs"]] == [2, 3]
    assert bundle.manifest["metrics"]["epoch"] == 3
    assert bundle.manifest["made_with"][1] == "python -m export.onnx --every 2"


@pytest.mark.usefixtures("traced_once")
def test_of_a_run_that_is_not_finished_the_last_epoch_is_exported_too(three_epochs, tmp_path, few_mnist):
    """The bundle's own graphs are those of the last epoch so far, even if it is not an Nth one."""
    folder = Path(shutil.copytree(three_epochs, tmp_path / "run"))
    lines = (folder / "metrics.jsonl").read_text().splitlines(keepends=True)
    (folder / "metrics.jsonl").write_text(lines[0])
    bundle = export_run(read_run(folder), tmp_path / "bundle", "short", dataset=few_mnist, every=2)
    assert bundle.epochs == (0, 1)
    assert bundle.read("decoder.onnx") == bundle.read("epochs/001/decoder.onnx")


def test_the_manifest_says_how_well_it_agrees(bundle):
    """The parity figures are within tolerance and give the number of inputs, over all three epochs."""
    parity = bundle.manifest["parity"]
    assert 0 < parity["probabilities"] <= 1e-5
    assert 0 < parity["mean"] <= 1e-4
    assert 0 < parity["logvar"] <= 1e-4
    assert parity["decoded_inputs"] == 3 * sum(BATCHES)
    assert parity["encoded_inputs"] == 3 * (sum(BATCHES) + 1000)
    elbo = parity["elbo_nats"]
    assert abs(elbo["onnx_runtime"] - elbo["torch"]) <= 0.01
    assert elbo["torch"] == pytest.approx(bundle.manifest["metrics"]["test_elbo_nats"], abs=0.5)


def test_the_held_out_images_are_mnists(bundle, small_mnist):
    """The bundle's images and labels are MNIST's test images in their order."""
    posterior = bundle.read_posterior()
    np.testing.assert_array_equal(posterior.images, small_mnist.test_images)
    np.testing.assert_array_equal(posterior.labels, small_mnist.test_labels)


@torch.inference_mode()
def test_every_epochs_posterior_is_its_models(bundle, run_folder, small_mnist):
    """Means and log-variances after each epoch are those of its weights; the last are the bundle's."""
    run = read_run(run_folder)
    x = torch.from_numpy(small_mnist.test_images).float()
    for epoch in bundle.epochs:
        model = ConvVAE(filters=run.config.filters).eval()
        model.load_state_dict(load_weights(run, epoch))
        found = bundle.read_posterior(epoch)
        for array, expected in zip((found.mean, found.logvar), model.encoder(x), strict=True):
            np.testing.assert_allclose(array, expected, rtol=0, atol=1e-4)
        assert found.images is None
    np.testing.assert_array_equal(bundle.read_posterior().mean, found.mean)
    np.testing.assert_array_equal(bundle.read_posterior().logvar, found.logvar)


def test_the_bundle_stands_for_the_last_epoch(bundle):
    """The bundle's graphs are the last epoch's, byte for byte, and not those of an earlier one."""
    for name in ("decoder.onnx", "encoder.onnx"):
        graphs = [bundle.read(f"epochs/00{epoch}/{name}") for epoch in bundle.epochs]
        assert bundle.read(name) == graphs[-1]
        assert len(set(graphs)) == 3


@torch.inference_mode()
def test_a_bundle_gives_the_runs_elbo_without_pytorchs_network(bundle, small_mnist):
    """Using only the bundle, numpy's samples and ONNX Runtime's decodes give the run's distortion."""
    posterior = bundle.read_posterior()
    noise = np.random.default_rng(0).standard_normal(posterior.mean.shape, dtype=np.float32)
    z = posterior.mean + np.exp(posterior.logvar / 2) * noise
    session = ort.InferenceSession(bundle.read("decoder.onnx"), providers=["CPUExecutionProvider"])
    (probabilities,) = session.run(None, {"z": z})
    logits = torch.logit(torch.from_numpy(probabilities), eps=1e-7)
    distortion = distortion_nats(logits, torch.from_numpy(small_mnist.test_images).float()).mean().item()
    assert distortion == pytest.approx(bundle.manifest["metrics"]["test_distortion_nats"], abs=2)


@pytest.mark.parametrize(
    ("file", "epoch"),
    [
        ("decoder.onnx", 2),
        ("encoder.onnx", 2),
        ("epochs/001/decoder.onnx", 1),
        ("epochs/000/encoder.onnx", 0),
    ],
)
def test_a_lone_graph_says_what_it_is(bundle, file, epoch):
    """A graph without its bundle still gives format, name, sizes, likelihood, epoch and command."""
    graph = onnx.load_from_string(bundle.read(file))
    assert {entry.key: entry.value for entry in graph.metadata_props} == {
        "latent_plane.format": "latent-plane/1",
        "latent_plane.name": "MNIST, small",
        "latent_plane.image": "1 x 28 x 28",
        "latent_plane.latent_dim": "2",
        "latent_plane.likelihood": "bernoulli",
        "latent_plane.epoch": str(epoch),
        "latent_plane.made_with": FIT_COMMAND,
    }


def test_nothing_of_this_machine_is_in_a_bundle(bundle, bundle_path, run_folder):
    """No file of a bundle, including its manifest, holds a path of the machine that made it."""
    traces = [run_folder, bundle_path, Path.cwd(), Path(sys.prefix), "site-packages", "Traceback"]
    contents = [bundle.read(name) for name in bundle.files] + [(bundle_path / "manifest.json").read_bytes()]
    for trace in traces:
        assert not any(str(trace).encode() in content for content in contents), trace


def test_the_same_run_gives_the_same_bundle(tiny_export, tiny_run, few_mnist, tmp_path):
    """A run that is exported twice, once as a .latent file, gives the same files, byte for byte."""
    again = export_run(read_run(tiny_run), tmp_path / "b.latent", "same", dataset=few_mnist)
    assert again.manifest["files"] == tiny_export.manifest["files"]
    assert list(tmp_path.iterdir()) == [tmp_path / "b.latent"]


def test_a_place_that_is_taken_is_refused_before_the_work(broken_run, few_mnist, tmp_path):
    """A target that is taken is reported first, even if no epoch could be exported."""
    (broken_run / "weights/epoch-000.safetensors").write_bytes(b"")
    with pytest.raises(BundleError, match="found a folder that is not empty"):
        export_run(read_run(broken_run), tmp_path, "n", dataset=few_mnist)


@pytest.mark.usefixtures("traced_once")
@pytest.mark.parametrize(
    ("name", "tensor"), [("decoder.conv1.bias", "probabilities"), ("encoder.conv1.bias", "mean")]
)
def test_a_parity_miss_writes_nothing(broken_run, few_mnist, tmp_path, name, tensor):
    """A run with NaN weights fails the comparison: the error says so, and no bundle is written."""
    make_nan(broken_run, 1, name)
    with pytest.raises(
        ParityError, match=rf"^{tensor}\[.*found nan with ONNX Runtime.*no bundle was written$"
    ):
        export_run(read_run(broken_run), tmp_path / "out" / "b", "n", dataset=few_mnist)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs"]


@pytest.mark.usefixtures("traced_once")
def test_a_parity_miss_leaves_the_old_bundle(broken_run, few_mnist, tmp_path):
    """If the new export is refused, the bundle that it should have replaced is unchanged."""
    old = write_small(tmp_path / "b")
    make_nan(broken_run, 1, "decoder.conv3.weight")
    with pytest.raises(ParityError):
        export_run(read_run(broken_run), tmp_path / "b", "new", overwrite=True, dataset=few_mnist)
    assert open_bundle(tmp_path / "b").manifest == old.manifest


@pytest.mark.usefixtures("traced_once")
@pytest.mark.slow
def test_the_command_exports_the_newest_run_with_the_whole_mnist(run_main, tiny_run, tmp_path, monkeypatch):
    """Without arguments it exports the newest run under artifacts/runs and prints how well it agrees."""
    monkeypatch.chdir(tmp_path)
    for age, name in enumerate(("newer", "older")):
        shutil.copytree(tiny_run, tmp_path / "artifacts/runs" / name)
        os.utime(tmp_path / "artifacts/runs" / name / "config.json", (1e9 - age, 1e9 - age))
    ended = run_main(main)
    assert (ended.status, ended.err) == (0, "")
    first, agreement, written, following = ended.out.splitlines()
    assert first == "exporting artifacts/runs/newer, epochs 0 to 1"
    bundle = open_bundle(Path("artifacts/bundles/newer"))
    assert bundle.name == "MNIST, 2 latent dimensions"
    parity = bundle.manifest["parity"]
    assert agreement == (
        f"agrees with PyTorch: probabilities to {parity['probabilities']:.1e} on 148 inputs, "
        f"mean to {parity['mean']:.1e} and logvar to {parity['logvar']:.1e} on 20,148, "
        f"test ELBO {parity['elbo_nats']['onnx_runtime']:.4f} against {parity['elbo_nats']['torch']:.4f} nats"
    )
    assert written.startswith("bundle artifacts/bundles/newer: 9 files, ")
    assert written.endswith(" MB")
    assert following == "next: python -m desktop artifacts/bundles/newer"
    images = torch.from_numpy(bundle.read_posterior().images)
    assert images.shape == (10_000, 1, 28, 28)
    model = ConvVAE(filters=(2, 2))
    model.load_state_dict(load_weights(read_run(tiny_run), 1))
    assert evaluate(model, images).elbo_nats == pytest.approx(parity["elbo_nats"]["torch"], abs=0.5)


@pytest.mark.slow
@pytest.mark.usefixtures("cut_mnist", "traced_once")
def test_the_command_names_and_places_the_bundle(run_main, tiny_run, tmp_path):
    """--out and --name are used; an existing bundle is kept unless --overwrite is given."""
    out = tmp_path / "my.latent"
    write_small(out)
    refused = run_main(main, tiny_run, "--out", out)
    assert refused.error_line == (
        f"python -m export.onnx: {out}: found a file, expected a new name; choose another or add --overwrite"
    )
    assert open_bundle(out).name == "Small"
    assert run_main(main, tiny_run, "--out", out, "--name", "Mine", "--overwrite").status == 0
    assert open_bundle(out).name == "Mine"
    assert list(tmp_path.iterdir()) == [out]


def test_another_training_is_told_by_its_file(tmp_path):
    """Where another project's `training` is found first, the line names its file."""
    other = tmp_path / "training" / "__init__.py"
    other.parent.mkdir()
    other.touch()
    path = os.pathsep.join(map(str, (tmp_path, ROOT)))
    ended = subprocess.run(
        [sys.executable, "-m", "export.onnx"],
        env=os.environ | {"PYTHONPATH": path},
        cwd=ROOT.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"python -m export.onnx: found another module named 'training': {other}, expected this program's; "
        "rename that one, or start in another folder\n"
    )


@pytest.mark.parametrize("name", ["b.zip", "b.ONNX", "b.tar.gz"])
def test_a_name_that_is_no_bundle_is_refused(run_main, tmp_path, name):
    """A file of another kind is not made into a folder of that name."""
    line = run_main(main, tmp_path, "--out", tmp_path / name).error_line
    assert f"found '{tmp_path / name}', expected a new folder or a file ending in .latent." in line
    assert list(tmp_path.iterdir()) == []


def refused_by_command(run_main, tmp_path, run: Path) -> str:
    """The line with which the command refuses a run. Checks that nothing was written."""
    out = tmp_path / "bundle"
    line = run_main(main, run, "--out", out).error_line
    assert not out.exists()
    assert list(tmp_path.glob(".bundle*")) == []
    prefix = "python -m export.onnx: "
    assert line.startswith(prefix)
    return line.removeprefix(prefix)


@pytest.mark.usefixtures("traced_once")
def test_a_run_that_is_half_written_is_refused(run_main, broken_run, tmp_path):
    """A run without its last epoch's weights is one line with the file's name, and nothing is written."""
    path = broken_run / "weights/epoch-001.safetensors"
    path.unlink()
    line = refused_by_command(run_main, tmp_path, broken_run)
    assert line.startswith(f"{path}: ")
    assert line.endswith("expected the weights after epoch 1; the run is half written, fit again")


def test_a_run_without_a_finished_epoch_is_refused(run_main, tmp_path):
    """A run that ended before its first epoch is one line that says so."""
    create_run(tmp_path / "run", DEFAULT)
    assert refused_by_command(run_main, tmp_path, tmp_path / "run") == (
        f"{tmp_path / 'run'}: found no line in metrics.jsonl, expected one for each finished epoch; "
        "the run ended during its first epoch; continue it with python -m training.fit --resume --out "
        f"{tmp_path / 'run'}"
    )


@pytest.mark.usefixtures("traced_once")
def test_weights_of_another_network_are_refused(run_main, broken_run, run_folder, tmp_path):
    """A run with a larger network's weights is one line with the parameter and both shapes."""
    path = broken_run / "weights/epoch-000.safetensors"
    shutil.copy(run_folder / "weights/epoch-000.safetensors", path)
    assert refused_by_command(run_main, tmp_path, broken_run) == (
        f"{path}: found decoder.conv1.bias shaped (16,), expected (2,) from config.json; fit again"
    )


@pytest.mark.usefixtures("traced_once")
def test_weights_that_are_no_numbers_are_refused(run_main, broken_run, tmp_path):
    """A parity failure is one line with the tensor, both values and the tolerance; nothing is written."""
    make_nan(broken_run, 0, "decoder.dense.bias")
    line = refused_by_command(run_main, tmp_path, broken_run)
    assert line.startswith("probabilities[0, 0, ")
    assert re.search("found nan with ONNX Runtime, .+ with PyTorch, expected them within 1e-05", line)


def test_without_any_run_the_command_says_how_to_make_one(run_main, tmp_path, monkeypatch):
    """Without a run under artifacts/runs, the error is one line with the command that makes one."""
    monkeypatch.chdir(tmp_path)
    assert run_main(main).error_line == (
        "python -m export.onnx: artifacts/runs: found no run with a finished epoch; "
        "make one with python -m training.fit"
    )


def test_a_missing_run_is_one_line_from_the_real_command(tmp_path):
    """`python -m export.onnx` with a missing run: one line, status 2, no warning, nothing written."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "export.onnx", tmp_path / "gone", "--out", tmp_path / "b"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"python -m export.onnx: {tmp_path / 'gone'}: found no folder there, expected a run; "
        "make one with python -m training.fit\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--overwrit", "--nme", "x"],
            "No such option '--overwrit'. (Did you mean one of: '--overwrite', '--version'?)",
        ),
        (["a", "b"], "Got unexpected extra argument (b)"),
        (["--out"], "Option '--out' requires an argument."),
    ],
)
def test_a_wrong_option_is_one_line_and_status_2(run_main, arguments, message):
    """An unknown option, an extra argument and a missing value each give one line."""
    assert run_main(main, *arguments).error_line == (
        f"python -m export.onnx: {message} (see python -m export.onnx --help)"
    )


@pytest.mark.usefixtures("cut_mnist", "traced_once")
def test_ctrl_c_leaves_nothing_half_written(run_main, tiny_run, tmp_path, monkeypatch):
    """Ctrl-C ends an export and an evaluation with status 130, in one line and without a file.

    It comes at a definite moment: Python loses one that arrives while it takes an object apart.
    """

    def interrupted(work):
        def interrupt(*arguments, **options):
            signal.raise_signal(signal.SIGINT)
            return work(*arguments, **options)

        return interrupt

    monkeypatch.setattr(exporter, "check_encoder", interrupted(exporter.check_encoder))
    monkeypatch.setattr(evaluate_module, "load_weights", interrupted(evaluate_module.load_weights))
    for command, options in ((main, ("--out", tmp_path / "bundle")), (evaluate_main, ())):
        ended = run_main(command, tiny_run, *options)
        assert (ended.status, ended.err.strip()) == (130, "interrupted")
        assert list(tmp_path.iterdir()) == []
