"""training/logbook.py and curves.py: what a fit shows while it runs."""

import dataclasses
import fcntl
import io
import json
import math
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
import warnings
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import torch

from training.checkpoint import load_checkpoint
from training.config import RECIPES, learning_rate_at
from training.curves import write_curves
from training.fit import main
from training.fitting import fit
from training.logbook import STEPS_PER_POINT
from training.loop import Trainer
from training.runs import REQUIRED_METRICS

CPU = torch.device("cpu")
# 8 steps per epoch of 72 images; the last step has 2 images.
CONFIG = dataclasses.replace(RECIPES["default"], filters=(2, 2), batch_size=10, epochs=2, hold_fraction=0.0)
COUNT, STEPS = 72, 8
SMALL_FIT = Path(__file__).with_name("small_fit.py")
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@pytest.fixture(scope="module")
def few_images(small_mnist):
    """72 training images and 20 held-out ones."""
    return dataclasses.replace(
        small_mnist, train_images=small_mnist.train_images[:COUNT], test_images=small_mnist.test_images[:20]
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory, few_images):
    """A run of two epochs with TensorBoard files."""
    folder = tmp_path_factory.mktemp("watched") / "run"
    return fit(CONFIG, CPU, folder, few_images, tensorboard=True)


def events(folder: Path):
    """TensorBoard's own reader of the files in a run folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorBoard's own imports may warn
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    reader = EventAccumulator(str(folder / "tensorboard"), {"scalars": 0, "images": 0})
    reader.Reload()
    return reader


def scalars(reader, tag: str) -> dict[int, float]:
    """A tag's values by step; each step has exactly one."""
    found = reader.Scalars(tag)
    assert len({event.step for event in found}) == len(found), tag
    return {event.step: event.value for event in found}


def test_the_training_elbo_is_the_mean_over_the_images(run, few_images):
    """train_elbo_nats weights all images equally, although the last batch has 2 images and the others 10."""
    trainer = Trainer(CONFIG, few_images.train_images, CPU)
    for line in run.metrics:
        trainer.train_epoch(lambda _: None)
        losses = trainer.losses_nats.double().tolist()
        mean = (10 * sum(losses[:7]) + 2 * losses[7]) / COUNT
        assert line["train_elbo_nats"] == pytest.approx(-mean, rel=1e-9)
        assert line["train_elbo_nats"] != pytest.approx(-sum(losses) / 8, rel=1e-6)


def test_a_single_test_image_has_no_error(few_images, tmp_path):
    """With one test image the ELBO has no standard error, and the metrics line has no NaN for it."""
    config = dataclasses.replace(CONFIG, epochs=1)
    single = dataclasses.replace(few_images, test_images=few_images.test_images[:1])
    (line,) = fit(config, CPU, tmp_path / "run", single).metrics
    assert math.isfinite(line["test_elbo_nats"])
    assert "test_elbo_error_nats" not in line


def test_a_line_has_step_learning_rate_and_speed(run):
    """A line of metrics has the epoch's last step, its learning rate, and the images per second."""
    assert [line["step"] for line in run.metrics] == [STEPS, 2 * STEPS]
    for line in run.metrics:
        assert line["images_a_second"] == pytest.approx(COUNT / line["epoch_seconds"])
    # Of 16 steps 1 rises and 15 fall, the last to a fifteenth of the peak.
    assert run.metrics[1]["learning_rate"] == pytest.approx(CONFIG.learning_rate / 15)
    assert run.metrics[0]["learning_rate"] == pytest.approx(CONFIG.learning_rate * 9 / 15)


def test_tensorboard_reads_the_values_of_the_metrics(run):
    """TensorBoard has the test metrics and the speed of metrics.jsonl at each epoch's last step."""
    reader = events(run.folder)
    for name in ("elbo_nats", "elbo_error_nats", "rate_nats", "distortion_nats"):
        found = scalars(reader, f"test/{name}")
        assert list(found) == [STEPS, 2 * STEPS]
        assert list(found.values()) == pytest.approx([line[f"test_{name}"] for line in run.metrics])
    speeds = scalars(reader, "train/images_a_second")
    assert list(speeds.values()) == pytest.approx([line["images_a_second"] for line in run.metrics])


def test_tensorboard_shows_the_previews(run):
    """The previews of epochs 0 to 2 are at the steps 0, 8 and 16, pixel for pixel."""
    found = events(run.folder).Images("previews")
    assert [event.step for event in found] == [0, STEPS, 2 * STEPS]
    for epoch, event in enumerate(found):
        picture = imageio.imread(event.encoded_image_string, extension=".png")
        expected = imageio.imread(run.folder / f"previews/epoch-00{epoch}.png")
        np.testing.assert_array_equal(picture if picture.ndim == 2 else picture[..., 0], expected)


def test_tensorboard_gets_a_point_for_every_fifty_steps(tmp_path, few_images):
    """The training ELBO of an epoch of 72 steps is written as two means, at step 50 and at the last step."""
    config = dataclasses.replace(CONFIG, batch_size=1, epochs=2)
    fit(config, CPU, tmp_path / "run", few_images, tensorboard=True)
    trainer = Trainer(config, few_images.train_images, CPU)
    expected = {}
    for epoch in range(2):
        trainer.train_epoch(lambda _: None)
        first = epoch * COUNT
        expected[first + STEPS_PER_POINT] = -trainer.losses_nats[:STEPS_PER_POINT].mean().item()
        expected[first + COUNT] = -trainer.losses_nats[STEPS_PER_POINT:].mean().item()
    reader = events(tmp_path / "run")
    assert scalars(reader, "train/elbo_nats") == pytest.approx(expected)
    rates = scalars(reader, "train/learning_rate")
    assert rates == pytest.approx({step: learning_rate_at(config, step - 1, COUNT) for step in expected})


@pytest.mark.parametrize("epochs_known", [0, 1])
def test_what_a_killed_fit_wrote_for_tensorboard_is_dropped(tmp_path, few_images, run, epochs_known):
    """If a fit is killed between TensorBoard's points and the checkpoint, each step still appears once."""
    folder = Path(shutil.copytree(run.folder, tmp_path / "run"))
    (folder / "checkpoint.pt").unlink()
    if epochs_known:
        shorter = tmp_path / "shorter"
        # The same fit ends in its second epoch, because a folder blocks the file of its weights.
        blocked = shorter / "weights/epoch-002.safetensors"
        blocked.mkdir(parents=True)
        (shorter / "config.json").write_text((folder / "config.json").read_text())
        with pytest.raises(IsADirectoryError):
            fit(CONFIG, CPU, shorter, few_images, resume=True, checkpoint_seconds=0)
        shutil.copy(shorter / "checkpoint.pt", folder)
    else:
        (folder / "metrics.jsonl").unlink()
    fit(CONFIG, CPU, folder, few_images, resume=True, tensorboard=True)
    assert len(list((folder / "tensorboard").iterdir())) == 2
    reader = events(folder)
    assert list(scalars(reader, "test/elbo_nats")) == [STEPS, 2 * STEPS]
    assert list(scalars(reader, "train/elbo_nats")) == [STEPS, 2 * STEPS]
    assert [event.step for event in reader.Images("previews")] == [0, STEPS, 2 * STEPS]


def test_without_tensorboard_the_option_is_one_line_before_anything_is_made(run_main, tmp_path, monkeypatch):
    """If the package is missing, --tensorboard ends the command with status 2 and creates no run folder."""
    for name in [name for name in sys.modules if name.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    ended = run_main(main, "--tensorboard", "--device", "cpu", "--out", tmp_path / "run")
    assert ended.out == ""
    assert re.fullmatch(
        r"python -m training\.fit: --tensorboard: .*tensorboard.*; expected the tensorboard package; "
        r"install it with pip install tensorboard",
        ended.error_line,
    )
    assert not (tmp_path / "run").exists()


def test_the_curves_are_a_picture_of_the_run(run):
    """curves.png is a PNG with a coloured curve in each of its three panels."""
    assert (run.folder / "curves.png").read_bytes().startswith(b"\x89PNG\r\n")
    picture = imageio.imread(run.folder / "curves.png")[..., :3]
    assert picture.shape == (408, 1200, 3)
    for panel in np.array_split(picture, 3, axis=1):
        colourful = np.ptp(panel.astype(int), axis=2) > 60
        assert colourful.sum() > 100


def test_the_curves_grow_with_the_run(tmp_path, run):
    """After one more epoch a different picture replaces the first."""
    pictures = []
    for count in (1, 2):
        write_curves(tmp_path / "curves.png", "a run", run.metrics[:count])
        pictures.append((tmp_path / "curves.png").read_bytes())
    assert pictures[0] != pictures[1]
    assert [path.name for path in tmp_path.iterdir()] == ["curves.png"]


def test_curves_can_be_drawn_from_an_older_runs_metrics(tmp_path):
    """Metrics of an older run, which have no training ELBO, are drawn without that curve."""
    write_curves(tmp_path / "curves.png", "a run", [dict.fromkeys(REQUIRED_METRICS, -1.5) | {"epoch": 1}])
    assert imageio.imread(tmp_path / "curves.png").any()


def test_the_curves_exist_after_the_first_epoch(tmp_path, few_images):
    """A fit that ends in its second epoch has drawn the curves of the first."""
    folder = tmp_path / "run"
    (folder / "weights/epoch-002.safetensors").mkdir(parents=True)
    fit(dataclasses.replace(CONFIG, epochs=1), CPU, tmp_path / "other", few_images)
    config = json.loads((tmp_path / "other/config.json").read_text()) | {"epochs": 2}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(IsADirectoryError):
        fit(CONFIG, CPU, folder, few_images, resume=True)
    assert imageio.imread(folder / "curves.png").any()
    assert len((folder / "metrics.jsonl").read_text().splitlines()) == 1


@pytest.mark.slow
def test_a_terminal_sees_speed_and_running_elbo(tmp_path):
    """On a terminal a bar shows the epoch, images per second and recent ELBO, and disappears at the end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    # The epoch is long enough for the bar to be redrawn after its start.
    options = ("--filters", "16", "16", "--batch-size", "20", "--epochs", "1", "--device", "cpu")
    process = subprocess.Popen(
        [sys.executable, SMALL_FIT, "4000", "20", *options, "--out", tmp_path / "run"],
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait() == 0, shown
    text = ESCAPES.sub("", shown.decode())
    bars = re.findall(r"epoch 1/1 +\d+%\|[^|]+\| +[\d.]+k? images/s, [\d:]+ left, ELBO (-\d+\.\d)", text)
    assert bars, text
    assert all(-600 < float(elbo) < -100 for elbo in bars)
    assert re.search(r"\repoch   1/1   test ELBO ", text)


@pytest.mark.parametrize(
    "title",
    [
        "lr$1e-3^$2",
        "a<b>&c%d",
        "new\nline",
        "bytes \udcff",
        "un$matched",
        r"back\slash\frac{",
        "日本",
        "W" * 255,
    ],
)
def test_curves_can_have_any_title(tmp_path, run, title):
    """Formulas, entities, control characters, bytes that are no UTF-8 and long names are drawn."""
    write_curves(tmp_path / "curves.png", title, run.metrics)
    picture = imageio.imread(tmp_path / "curves.png")[..., :3]
    assert (picture[:40] < 128).any()
    # The title is not wider than the picture.
    assert (picture[:40, [0, -1]] == 255).all()


def test_a_run_can_have_any_name(tmp_path, few_images, capsys):
    """A fit into a folder with a hostile name writes all its files without a warning, and can be resumed."""
    folder = tmp_path / "lr$1e-3^$2 <&>% \n \\frac{ \udcff"
    fit(CONFIG, CPU, folder, few_images)
    fit(CONFIG, CPU, folder, few_images, resume=True)
    assert capsys.readouterr().err == ""
    assert imageio.imread(folder / "curves.png").any()


def test_a_picture_that_cannot_be_drawn_ends_no_fit(tmp_path, few_images, capsys):
    """A failure of curves, previews or GIF is reported in one line, once; the resumed fit writes all."""
    folder = tmp_path / "run"
    blocked = [folder / name for name in ("curves.png", "previews.gif", "previews/epoch-002.png")]
    (folder / "previews").mkdir(parents=True)
    fit(dataclasses.replace(CONFIG, epochs=1), CPU, tmp_path / "other", few_images)
    config = json.loads((tmp_path / "other/config.json").read_text()) | {"epochs": 2}
    (folder / "config.json").write_text(json.dumps(config))
    for place in blocked:
        place.mkdir()
    capsys.readouterr()
    run = fit(CONFIG, CPU, folder, few_images, resume=True)
    assert len(run.metrics) == 2
    assert load_checkpoint(folder, CONFIG).trainer["step"] == 2 * STEPS
    assert sorted(capsys.readouterr().err.splitlines()) == [
        "a preview was not written: Is a directory",
        "curves.png was not drawn: Is a directory",
        "previews.gif was not written: Is a directory",
    ]
    for place in blocked:
        place.rmdir()
    fit(CONFIG, CPU, folder, few_images, resume=True)
    assert capsys.readouterr().err == ""
    assert all(imageio.imread(place).any() for place in blocked)


def test_a_disk_too_full_for_pictures_keeps_the_fit(tmp_path, few_images, capsys, file_size_limit):
    """If curves and GIF do not fit on the disk, each has a line that says so, and all else is kept."""
    folder = tmp_path / "run"
    with file_size_limit(45_000):
        fit(CONFIG, CPU, folder, few_images)
    assert capsys.readouterr().err == (
        "curves.png was not drawn: File too large\npreviews.gif was not written: File too large\n"
    )
    assert load_checkpoint(folder, CONFIG).trainer["step"] == 2 * STEPS
    assert {path.name for path in folder.iterdir()} == {
        *("checkpoint.pt", "config.json", "metrics.jsonl", "previews", "weights")
    }


def test_a_line_that_cannot_be_printed_ends_no_fit(tmp_path, few_images, capsys, monkeypatch):
    """If the disk behind standard output fills up in the middle of a fit, the fit goes on."""
    full = os.open("/dev/full", os.O_WRONLY)

    class FillsUp(io.StringIO):
        def write(self, text: str) -> int:
            return os.write(full, text.encode()) if "epoch " in text else len(text)

    monkeypatch.setattr(sys, "stdout", FillsUp())
    run = fit(CONFIG, CPU, tmp_path / "run", few_images)
    os.close(full)
    assert len(run.metrics) == 2
    assert capsys.readouterr().err == "an epoch's line was not printed: No space left on device\n"


def test_an_epoch_that_was_not_shown_is_shown_when_its_fit_goes_on(tmp_path, few_images, run):
    """A fit killed between checkpoint and preview writes the missing preview and points when resumed."""
    folder = Path(shutil.copytree(run.folder, tmp_path / "run"))
    preview = folder / "previews/epoch-002.png"
    expected = preview.read_bytes()
    preview.unlink()
    shutil.rmtree(folder / "tensorboard")
    fit(CONFIG, CPU, folder, few_images, resume=True, tensorboard=True)
    assert preview.read_bytes() == expected
    assert (folder / "previews.gif").read_bytes() == (run.folder / "previews.gif").read_bytes()
    found, before = events(folder), events(run.folder)
    for tag in ("train/elbo_nats", "train/learning_rate", "test/elbo_nats", "test/rate_error_nats"):
        assert scalars(found, tag) == {2 * STEPS: scalars(before, tag)[2 * STEPS]}
    assert [event.step for event in found.Images("previews")] == [2 * STEPS]
