"""export/onnx.py: a real run becomes a complete bundle, or gives one line and nothing else."""

import dataclasses
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch

from export.bundle import open_bundle
from export.containers import BundleError
from export.onnx import export_run, main
from export.parity import BATCHES, ParityError
from tests.export.forging import write_small
from tests.export.small_runs import make_nan
from training.elbo import distortion_nats
from training.model import ConvVAE
from training.runs import load_weights, read_run

pytestmark = pytest.mark.usefixtures("gradients")

FILES = ("decoder.onnx", "encoder.onnx", "posterior.npz")
# The command that would make the small fit of these tests.
FIT_COMMAND = (
    "python -m training.fit --recipe default --epochs 2 --batch-size 16 --learning-rate 0.004 --filters 8 16"
)


@pytest.fixture(scope="module")
def tiny_export(tmp_path_factory, tiny_run, few_mnist):
    """The bundle of the tiny run."""
    out = tmp_path_factory.mktemp("bundles") / "tiny"
    return export_run(read_run(tiny_run), out, "same", dataset=few_mnist)


@pytest.fixture(scope="module")
def bundle(bundle_path):
    """The small fit's bundle, opened."""
    return open_bundle(bundle_path)


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
    """The bundle's main graphs are those of the last epoch so far, even if it is not an Nth one."""
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
    """If the new export fails, the bundle that it would replace is unchanged."""
    old = write_small(tmp_path / "b")
    make_nan(broken_run, 1, "decoder.conv3.weight")
    with pytest.raises(ParityError):
        export_run(read_run(broken_run), tmp_path / "b", "new", overwrite=True, dataset=few_mnist)
    assert open_bundle(tmp_path / "b").manifest == old.manifest
