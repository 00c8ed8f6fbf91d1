"""export/manifest.py: a manifest with false or missing facts is refused in one sentence."""

import json

import pytest

from export.bundle import open_bundle, write_bundle
from export.containers import BundleError
from export.manifest import DECODER_FILE, ENCODER_FILE, MANIFEST_FILE, tensor_facts
from tests.export.forging import (
    DECODER,
    IMAGE_SHAPE,
    LATENT_DIM,
    edit_manifest,
    facts,
    refusal,
    swap_file,
    write_small,
)


def test_label_names_are_for_people(tmp_path):
    """Label names come from the manifest's dataset; without a dataset there are none."""
    files = {DECODER_FILE: DECODER}
    named = write_bundle(tmp_path / "a", facts(dataset={"name": "two", "labels": ["no", "yes"]}), files)
    assert named.label_names == ("no", "yes")
    for number, dataset in enumerate((None, {}, {"labels": "no"}, ["no"])):
        bundle = write_bundle(tmp_path / str(number), facts(dataset=dataset), files)
        assert bundle.label_names == ()


@pytest.mark.parametrize(
    "version", ["latent-plane/2", "latent-plane/11", "latent-plane/1.2", "latent-plane", "", None, 1]
)
def test_another_format_is_refused(folder, version):
    """An unknown format version is refused with the version found, and says what to do."""
    edit_manifest(folder, lambda manifest: manifest.update(format=version))
    assert refusal(folder) == (
        f"{folder}: manifest.json: found format {version!r}, expected 'latent-plane/1' or "
        "'latent-plane/1.1'; "
        "open it with the version of the program that wrote it, or export the run again"
    )


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "epochs/../../secret",
        "/etc/passwd",
        "epochs\\..\\secret",
        "C:\\secret",
        "c:/secret",
        "",
        ".",
        "..",
        "a//b",
        "a/",
        ".hidden",
        "a\nb",
        "a b",
        "caf\u00e9",
        "a\0",
    ],
)
def test_a_name_that_leaves_the_folder_is_refused(folder, name):
    """A name that is absolute or has .., a backslash or odd characters is refused and never opened."""
    (folder.parent / "secret").write_text("secret")
    fact = {"size_bytes": 6, "sha256": "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"}
    edit_manifest(folder, lambda manifest: manifest["files"].update({name: fact}))
    assert refusal(folder) == (
        f"{folder}: manifest.json: found the file name {name!r}, expected plain names inside the bundle"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", "Expecting value"),
        (b'{"format": "latent-plane/1"', "Expecting"),
        (b"\xff\xfe\xfd", "codec can't decode"),
        (b"[" * 100_000, "recursion"),
        (b"[1]", "found a JSON list, expected an object"),
        (b"null", "found a JSON NoneType, expected an object"),
    ],
    ids=["empty", "cut short", "no text", "nested too deep", "a list", "null"],
)
def test_a_manifest_that_is_no_json_object_is_refused(folder, text, found):
    """A manifest that is not JSON, or not an object, is refused with the reason."""
    (folder / MANIFEST_FILE).write_bytes(text)
    said = refusal(folder)
    assert said.startswith(f"{folder}: manifest.json: ")
    assert found in said


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": None}, "found name = None, expected a str"),
        ({"latent_dim": "2"}, "found latent_dim = '2', expected a int"),
        ({"latent_dim": 2.0}, "found latent_dim = 2.0, expected a int"),
        ({"latent_dim": True}, "found latent_dim = True, expected a int"),
        ({"opset": []}, "found opset = [], expected a int"),
        ({"files": ["decoder.onnx"]}, "found files = ['decoder.onnx'], expected a dict"),
        ({"image": 28}, "found image = 28, expected a dict"),
        ({"tensors": None}, "found tensors = None, expected a dict"),
        ({"name": ["x" * 100]}, f"found name = ['{'x' * 58}, expected a str"),
    ],
)
def test_a_wrong_type_is_refused(folder, changes, message):
    """A fact of the wrong type, or a missing one, is refused with its value, cut to a readable length."""
    edit_manifest(folder, lambda manifest: manifest.update(changes))
    assert refusal(folder) == f"{folder}: manifest.json: {message}"


@pytest.mark.parametrize(
    "key", ["name", "created", "image", "latent_dim", "likelihood", "opset", "tensors", "files"]
)
def test_a_missing_fact_is_refused(folder, key):
    """Every required fact that is missing is named."""
    edit_manifest(folder, lambda manifest: manifest.pop(key))
    assert refusal(folder).startswith(f"{folder}: manifest.json: found {key} = None, expected a ")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            lambda manifest: manifest.update(latent_dim=0),
            "latent_dim: found 0, expected a whole number from 1 to 65,536",
        ),
        (
            lambda manifest: manifest.update(latent_dim=-2),
            "latent_dim: found -2, expected a whole number from 1 to 65,536",
        ),
        (
            lambda manifest: manifest.update(latent_dim=1 << 40),
            "latent_dim: found 1099511627776, expected a whole number from 1 to 65,536",
        ),
        (
            lambda manifest: manifest["image"].update(height=0),
            "image height: found 0, expected a whole number from 1 to 16,384",
        ),
        (
            lambda manifest: manifest["image"].update(width="5"),
            "image width: found '5', expected a whole number from 1 to 16,384",
        ),
        (
            lambda manifest: manifest["image"].pop("channels"),
            "image channels: found None, expected a whole number from 1 to 16,384",
        ),
        (lambda manifest: manifest["image"].update(channels=2), "found 2 channels, expected 1, 3 or 4"),
        (
            lambda manifest: manifest["files"].pop("decoder.onnx"),
            "found no decoder.onnx among its files, expected it there",
        ),
        (
            lambda manifest: manifest["files"].update({"decoder.onnx": 360}),
            "size_bytes of decoder.onnx: found None, expected a whole number from 1 to 536,870,912",
        ),
        (
            lambda manifest: manifest["files"]["decoder.onnx"].update(size_bytes=1 << 40),
            "size_bytes of decoder.onnx: found 1099511627776, expected a whole number from 1 to",
        ),
        (
            lambda manifest: manifest["files"]["decoder.onnx"].pop("sha256"),
            "found sha256 = None for decoder.onnx, expected hex digits",
        ),
        (
            lambda manifest: manifest["files"].update(
                {f"f{n}": {"size_bytes": 1 << 29, "sha256": ""} for n in range(5)}
            ),
            "found 2,684,35",  # and what the other files weigh
        ),
    ],
)
def test_a_fact_out_of_range_is_refused(folder, edit, message):
    """Impossible sizes and counts are refused before any file is read."""
    edit_manifest(folder, edit)
    assert refusal(folder).startswith(f"{folder}: manifest.json: {message}")


def test_tensors_that_contradict_the_image_are_refused(folder):
    """Tensor shapes that do not follow from image and latent_dim are refused, showing both."""
    edit_manifest(folder, lambda manifest: manifest.update(tensors=tensor_facts((1, 9, 9), 3)))
    assert refusal(folder) == (
        f"{folder}: manifest.json: found tensors of decoder.onnx z float32 ['N', 3] → "
        "probabilities float32 ['N', 1, 9, 9], expected z float32 ['N', 2] → "
        "probabilities float32 ['N', 1, 5, 5] from image, latent_dim and likelihood"
    )


@pytest.mark.parametrize(
    "shape",
    [
        None,
        2,
        "2",
        [],
        [3],
        [2, 2],
        [2.0],
        ["2"],
        [[2]],
        [True, 2],
        [-1, -2],
        [0, 2],
        [1 << 70],
        [2] + [1] * 8,
    ],
)
def test_a_latent_shape_that_is_none_is_refused(folder, shape):
    """The shape of z is a few whole numbers with as many numbers as z has."""
    edit_manifest(folder, lambda manifest: manifest.update(latent_shape=shape))
    assert refusal(folder) == (
        f"{folder}: manifest.json: found latent_shape = {shape!r:.60}, expected 1 to 8 whole numbers whose "
        "product is latent_dim, 2; export it again"
    )


def test_a_latent_shape_is_read(tmp_path):
    """The manifest may have the shape of z; without it, z is a row. Both are version 1."""
    files = {DECODER_FILE: DECODER}
    shaped = write_bundle(tmp_path / "shaped", facts(latent_shape=[2, 1]), files)
    row = write_bundle(tmp_path / "row", facts(), files)
    assert (shaped.latent_shape, row.latent_shape) == ((2, 1), (2,))
    assert shaped.manifest["format"] == row.manifest["format"] == "latent-plane/1"


def grey_facts(likelihood: str, levels: int = 256, **outputs: bool) -> dict:
    """The facts of a bundle with this likelihood."""
    tensors = tensor_facts(IMAGE_SHAPE, LATENT_DIM, likelihood, **outputs)
    return facts(likelihood=likelihood, levels=levels, tensors=tensors)


@pytest.mark.parametrize(
    ("likelihood", "outputs", "expected"),
    [
        ("bernoulli", {}, ["probabilities"]),
        ("continuous-bernoulli", {}, ["picture", "logits"]),
        ("gaussian", {}, ["picture", "log_scale"]),
        ("gaussian", {"shared_scale": True, "with_mean": True}, ["picture", "log_scale", "mean"]),
        ("logistic", {"with_mean": True}, ["picture", "log_scale", "mean"]),
    ],
)
def test_a_likelihood_names_the_decoders_outputs(tmp_path, likelihood, outputs, expected):
    """Bundles of 256 levels have format 1.1 and open, with the outputs that their likelihood needs."""
    path = write_bundle(tmp_path / "b", grey_facts(likelihood, **outputs), {DECODER_FILE: DECODER}).path
    bundle = open_bundle(path)
    assert (bundle.likelihood, bundle.levels) == (likelihood, 256)
    assert bundle.manifest["format"] == "latent-plane/1.1"
    assert [tensor["name"] for tensor in bundle.tensors(DECODER_FILE)["outputs"]] == expected


def test_only_what_version_1_would_misunderstand_says_1_1(tmp_path):
    """Bernoulli pixels of two levels stay version 1, also if the levels are named."""
    path = write_bundle(tmp_path / "b", facts(levels=2), {DECODER_FILE: DECODER}).path
    assert open_bundle(path).manifest["format"] == "latent-plane/1"


def test_version_1_with_another_likelihood_still_opens(folder):
    """Then its decoder gives only probabilities, and images have two levels, as in version 0.1.0."""
    edit_manifest(folder, lambda manifest: manifest.update(likelihood="gaussian", levels=256))
    bundle = open_bundle(folder)
    assert (bundle.likelihood, bundle.levels) == ("gaussian", 2)
    assert set(bundle.read_posterior().images.ravel().tolist()) == {0, 1}


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            grey_facts("gaussian") | {"likelihood": "poisson"},
            "found likelihood 'poisson', expected bernoulli, continuous-bernoulli, gaussian or logistic",
        ),
        (grey_facts("gaussian", 16), "found levels = 16, expected 2 or 256; export it again"),
        (
            grey_facts("logistic", 2),
            "found levels = 2, expected 256 for likelihood 'logistic'; export it again",
        ),
        (
            grey_facts("logistic") | {"tensors": tensor_facts(IMAGE_SHAPE, LATENT_DIM)},
            "found tensors of decoder.onnx z float32 ['N', 2] → probabilities float32 ['N', 1, 5, 5]",
        ),
    ],
)
def test_a_likelihood_that_does_not_fit_is_refused(tmp_path, facts, message):
    """Unknown likelihoods, other levels and missing outputs are refused as soon as a bundle is written."""
    with pytest.raises(BundleError) as error:
        write_bundle(tmp_path / "b", {"levels": 3} | facts, {DECODER_FILE: DECODER})
    assert str(error.value).startswith(f"{tmp_path / 'b'}: manifest.json: {message}")


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (None, "None"),
        ({"inputs": 3}, "{'inputs': 3}"),
        ({"inputs": [{"name": "z"}], "outputs": []}, "{'inputs': [{'name': 'z'}], 'outputs': []}"),
        ({"inputs": [], "outputs": []}, " → "),
    ],
)
def test_tensors_of_another_form_are_refused(folder, graph, words):
    """Malformed tensor facts are refused, and shown as far as possible."""
    edit_manifest(folder, lambda manifest: manifest["tensors"].update({"decoder.onnx": graph}))
    assert refusal(folder).startswith(
        f"{folder}: manifest.json: found tensors of decoder.onnx {words}, expected z float32 ['N', 2] → "
    )


def test_an_encoders_tensors_are_checked_too(folder):
    """If a bundle has an encoder, the encoder's tensors must be right."""
    swap_file(folder, ENCODER_FILE, b"an encoder")
    open_bundle(folder)
    edit_manifest(folder, lambda manifest: manifest["tensors"].pop(ENCODER_FILE))
    assert refusal(folder).startswith(
        f"{folder}: manifest.json: found tensors of encoder.onnx None, expected x "
    )


@pytest.mark.parametrize("facts", [{"name": "\ud800"}, {"dataset": {"labels": ["a", "\udce9"]}}])
def test_half_a_character_is_refused(tmp_path, facts):
    """A name or a label that no window could show, which JSON's escapes allow, is refused in one line."""
    path = write_small(tmp_path / "bundle").path
    manifest = json.loads((path / MANIFEST_FILE).read_text()) | facts
    (path / MANIFEST_FILE).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"found the text '\\ud.*, expected whole characters of Unicode"):
        open_bundle(path)
