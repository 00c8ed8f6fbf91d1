"""The note of an export is read as it was written, names no folder, and is never trusted."""

import json
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from desktop.models.open_source import open_source
from desktop.reading.input_values import InputValue
from desktop.view.provenance import (
    MAX_TEXT_CHARS,
    Beside,
    Provenance,
    beside_of,
    differences_from,
    from_text,
    is_provenance,
    other_reading,
    program_version,
    provenance,
    to_text,
)
from desktop.view.state import ViewState, start_state
from tests.desktop.foreign_models import conditional

CARRIED = Provenance(
    model="digits",
    decoder_sha256="0123456789abcdef" * 4,
    bundle="mnist.latent",
    kind="samples",
    details={"n": 8, "seed": 2**31, "scale": 2.5, "closed": True, "curve": "spherical"},
    state=ViewState(z=(0.25, -1.0)),
    program="0.1.0",
)


def written(**changes):
    """The text of CARRIED with some values replaced, as JSON would hold them."""
    return json.dumps(json.loads(to_text(CARRIED)) | changes, separators=(",", ":"))


def test_it_comes_back_as_it_was():
    """It is equal after it was written as one line of ASCII and read."""
    text = to_text(replace(CARRIED, model="grün 日本"))
    assert text.isascii()
    assert "\n" not in text
    assert is_provenance(text)
    assert from_text(text) == replace(CARRIED, model="grün 日本")


def test_an_export_says_which_model_it_needs_and_no_folder(bundle_path):
    """It has the decoder's hash, names and the program's version; the bundle's folder stays private."""
    source = open_source(bundle_path)
    carried = provenance(source, start_state(2), "manifold", n=20)
    assert carried.decoder_sha256 == source.sha256
    assert carried.model == source.name
    assert carried.bundle == bundle_path.name
    assert carried.program == program_version() == metadata.version("latent-plane")
    assert str(bundle_path.parent) not in to_text(carried)
    assert from_text(to_text(carried)) == carried


def test_what_does_not_come_back_is_said(tmp_path):
    """That is an input's value, or the file's reading; notes of earlier versions lack the inputs."""
    then = open_source(conditional(tmp_path / "model.onnx"), {"set label": "2", "range": "unit"})
    now = open_source(then.path, {"range": "signed"})
    carried = from_text(to_text(provenance(then, start_state(2), "picture")))
    assert carried.state.inputs == (InputValue("label", 2), InputValue("strength", 1))
    state = replace(carried.state, inputs=(InputValue("label", 3), InputValue("strength", 1)))
    assert differences_from(carried, state, now) == [
        "label was 2, is now 3",
        "the value range was unit, is now signed",
    ]
    assert other_reading(carried, now) == {"range": "unit"}
    assert differences_from(carried, carried.state, then) == []
    older = replace(carried, state=replace(carried.state, inputs=()), reading={})
    assert differences_from(older, state, now) == [
        "the file does not give the inputs, which are now label 3, strength 1"
    ]


def test_a_state_too_large_to_be_carried_is_left_out():
    """The rest of the note is there, and its length is within the limit of readers."""
    huge = replace(CARRIED, state=start_state(100_000))
    assert len(to_text(huge)) < MAX_TEXT_CHARS
    assert from_text(to_text(huge)) == replace(huge, state=None)


@pytest.mark.parametrize("text", ["", "Created with GIMP", "{}", '{"format": 1}', "\x00\xff", "0.5, 1.0"])
def test_a_text_of_another_kind_is_known(text):
    """Most comments in pictures were written by other programs."""
    assert not is_provenance(text)
    with pytest.raises(ValueError, match=r"^found a text of another kind, expected what this program writes"):
        from_text(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"latent_plane":', "found a damaged note (Expecting value"),
        ('{"latent_plane":1}', "found no decoder_sha256, expected it"),
        ('{"latent_plane":' + "[" * 100_000, "found a damaged note (maximum recursion depth"),
        (
            written(latent_plane=2, program="9.0"),
            "found format 2 written by version 9.0, expected format 1; open it with that version",
        ),
        (written(latent_plane=True), "found format True written by version 0.1.0, expected format 1"),
        (written(decoder_sha256="../../etc/passwd"), "decoder_sha256: found '../../etc/passwd', expected"),
        (written(model=7), "model: found 7, expected a text"),
        (written(details=[1]), "details: found a list of 1, expected an object of at most 64 values"),
        (
            written(details={str(n): n for n in range(99)}),
            "details: found an object of 99, expected an object of at most 64 values",
        ),
        (
            written(details={"n": float("nan")}),
            "details: found n = nan, expected a number up to 9007199254740992",
        ),
        (written(details={"n": 10**400}), "details: found n = a huge number, expected a number up to"),
        (written(state={"z": [1e300, 0]}), "state.z[0]: found 1e+300, expected a finite number"),
        (written(state=[]), "state: found a list of 0, expected an object"),
        (written(model="x" * MAX_TEXT_CHARS), "found a note of 1,049,"),
    ],
)
def test_what_cannot_be_is_refused_in_words(text, words):
    """The ValueError says what was found and what was expected; nothing else is raised."""
    with pytest.raises(ValueError, match=r"^(found|decoder|model|details|state)") as raised:
        from_text(text)
    assert str(raised.value).startswith(words)


def test_a_strangers_words_can_be_shown():
    """Folders are cut off, control characters become spaces, and lone surrogates are replaced."""
    carried = from_text(
        written(bundle="/home/someone/x.latent", model="a\nb\u202ec", kind="\ud800", details={"k": ["new"]})
    )
    assert carried.bundle == "x.latent"
    assert from_text(written(bundle="C:\\Users\\someone\\x.latent")).bundle == "x.latent"
    assert carried.model == "a b c"
    assert carried.kind == "?"
    assert carried.details == {}


def test_the_version_is_unknown_where_nothing_is_installed(monkeypatch):
    """The version is installed with the package; a folder of files has none."""

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert program_version() == "unknown"


def test_the_bundle_is_a_name_even_without_one():
    """An older or foreign text without the hints is taken."""
    content = json.loads(to_text(CARRIED))
    for name in ("bundle", "model", "kind", "details", "state", "program"):
        del content[name]
    bare = from_text(json.dumps(content, separators=(",", ":")))
    assert bare == Provenance("", CARRIED.decoder_sha256, "", "")
    assert Path(bare.bundle).name == ""


def test_a_second_model_is_told_by_details():
    """They are its name, decoder and epoch; invalid values from a stranger give no model."""
    for beside in (Beside("b", "0" * 64), Beside("b", "0" * 64, 3)):
        assert beside_of(beside.details()) == beside
    assert beside_of({}) is None
    assert beside_of({"b_decoder_sha256": "x"}) is None
    assert beside_of({"b_model": 7, "b_decoder_sha256": "0" * 64, "b_epoch": True}) == Beside("7", "0" * 64)
