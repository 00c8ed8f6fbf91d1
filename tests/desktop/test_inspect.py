"""python -m desktop.inspect describes a file and how it is read, for people and as JSON."""

import json

import pytest

from desktop.app.describe import describe
from desktop.base.installed import program_version
from desktop.inspect import main
from desktop.models.open_source import open_source
from tests.desktop.foreign_models import decoder, encoder


@pytest.fixture
def call(monkeypatch, capsys):
    """`call(*arguments)`: exit status, standard output and standard error of the command."""

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["inspect", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return (ended.value.code or 0, *capsys.readouterr())

    return run


def test_people_read_what_is_certain_and_what_is_a_guess(call, tmp_path):
    """It prints producer, operators, inputs, outputs and every part of the readings, the encoder's too."""
    path = decoder(tmp_path / "decoder.onnx", last="", scale=5.0)
    encoder(tmp_path / "encoder.onnx")
    status, out, _ = call(path)
    assert status == 0
    for line in (
        "  made by      elsewhere; operators of ONNX 20",
        "  takes        latent float32 [N, 2]",
        "  gives        image float32 [N, 1, 8, 10]",
        "  layout         NCHW",
        "  image shape    1 × 8 × 10",
        "  value range    logits   (a guess)",
        "  spread         log-variance",
    ):
        assert line in out.splitlines(), line
    assert "guesses can be set by options" in out


def test_json_holds_the_same(call, tmp_path):
    """Every part has a name; the guesses are a list, and an option removes one from it."""
    path = decoder(tmp_path / "decoder.onnx", last="", scale=5.0)
    facts = json.loads(call(path, "--json")[1])
    assert facts["kind"] == "model"
    assert facts["decoder_file"]["inputs"] == [{"name": "latent", "dtype": "float32", "shape": ["N", 2]}]
    assert facts["decoder_file"]["parameter_count"] > 160
    assert facts["reading"]["value_range"] == "logits"
    assert facts["reading"]["guesses"] == ["value_range"]
    facts = json.loads(call(path, "--json", "--range", "signed")[1])
    assert (facts["reading"]["value_range"], facts["reading"]["guesses"]) == ("[-1, 1]", [])
    assert facts["wanted"] == {"range": "signed"}


def test_what_was_set_in_the_window_does_not_change_the_command(call, tmp_path):
    """The command's result depends on its options alone."""
    path = decoder(tmp_path / "decoder.onnx", last="", scale=5.0)
    open_source(path, {"range": "signed"})
    assert json.loads(call(path, "--json")[1])["reading"]["value_range"] == "logits"
    call(path, "--range", "unit")
    assert open_source(path).overrides == {"range": "signed"}


def test_what_is_no_decoder_is_told_with_the_option_that_reads_it_anyway(call, tmp_path):
    """The error is one line with status 2."""
    status, _, err = call(encoder(tmp_path / "encoder.onnx"))
    assert status == 2
    assert "this looks like an encoder: it takes picture float32 [N, 1, 8, 10]" in err
    assert err.rstrip().endswith("or say which input is z if it is a decoder; use --z-input picture")
    assert len(err.splitlines()) == 1


def test_a_bundle_is_inspected_like_a_model(call, bundle_path):
    """Its format and epochs are printed in addition to the reading."""
    facts = json.loads(call(bundle_path, "--json")[1])
    assert (facts["kind"], facts["format"]) == ("bundle", "latent-plane/1")
    source = open_source(bundle_path)
    bundle = source.bundle
    assert facts["test_elbo_nats"] == bundle.manifest["metrics"]["test_elbo_nats"]
    assert facts["test_elbo_error_nats"] == bundle.manifest["metrics"]["test_elbo_error_nats"]
    assert facts["test_image_count"] == len(bundle.read_posterior().mean)
    lines = describe(source)
    size_bytes = sum(len(bundle.read(name)) for name in bundle.files)
    assert f"size           {size_bytes:,} bytes in {len(bundle.files)} files" in lines
    assert f"test images    {facts['test_image_count']:,}" in lines
    error = f"{facts['test_elbo_error_nats']:.2f}"
    assert f"test ELBO      {facts['test_elbo_nats']:.2f} ± {error} nats" in lines
    assert facts["reading"]["guesses"] == []


def test_what_a_bug_report_needs_is_printed(call):
    """It prints versions, providers and the reason why CUDA is not used, for people and as JSON."""
    facts = json.loads(call("--runtime", "--json")[1])
    assert facts["onnxruntime"]
    assert facts["latent_plane"] == program_version()
    lines = call("--runtime")[1].splitlines()
    assert any(line.startswith("onnxruntime ") and line.endswith(facts["onnxruntime"]) for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["README.md"], "expected a whole model; fetch or export it again"),
        (["no.onnx"], "no.onnx: No such file or directory; check the path"),
        (["--set", "psi"], "--set: found 'psi', expected NAME=VALUE, such as psi=0.7"),
        (["--layout", "NHWC"], "found overrides (layout), expected none"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_status_2(call, tmp_path, monkeypatch, arguments, said):
    """The line is on standard error, with the option or the file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_bytes(b"not a model \xff" * 20)
    status, out, err = call(*arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_strangers_words_do_not_steer_the_terminal(call, tmp_path):
    """Names may hold any characters; unprintable ones are replaced."""
    evil = "z\x1b]0;owned\x07\x1b[2J"
    status, out, _ = call(decoder(tmp_path / "decoder.onnx", z_name=evil))
    assert status == 0
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "z\ufffd]0;owned\ufffd\ufffd[2J" in out
    status, _, err = call(decoder(tmp_path / "decoder.onnx", z_name=evil), "--z-input", "y")
    assert status == 2
    assert "\x1b" not in err
    assert len(err.splitlines()) == 1
