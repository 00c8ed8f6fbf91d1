"""Saved files contain the picture and a note of the view; errors are reported."""

import imageio.v3 as imageio
import numpy as np

from desktop.app.saving import is_still_open, save_picture, save_sheet
from desktop.jobs.sheets import samples_plan
from tests.waiting import SOON_MS


def test_a_saved_picture_is_in_the_file_when_it_is_said_to_be(explorer, tmp_path, qtbot):
    """The signal names the file, and the file holds the enlarged picture."""
    picture = np.arange(12, dtype=np.uint8).reshape(3, 4)
    with qtbot.waitSignal(explorer.saved, timeout=SOON_MS) as heard:
        save_picture(explorer, tmp_path / "a.png", picture, 3)
    assert heard.args == [tmp_path / "a.png"]
    assert (imageio.imread(tmp_path / "a.png") == picture.repeat(3, axis=0).repeat(3, axis=1)).all()


def test_two_pictures_saved_at_once_are_both_written(explorer, tmp_path, qtbot):
    """Saving under another name does not replace the first request."""
    saved = []
    explorer.saved.connect(saved.append)
    for name in ("a.png", "b.png"):
        save_picture(explorer, tmp_path / name, np.zeros((2, 2), np.uint8), 1)
    qtbot.waitUntil(lambda: sorted(saved) == [tmp_path / "a.png", tmp_path / "b.png"], timeout=SOON_MS)


def test_a_picture_that_cannot_be_saved_is_told(explorer, tmp_path, qtbot):
    """The error is emitted by `failed`, and `saved` is not emitted."""
    saved = []
    explorer.saved.connect(saved.append)
    with qtbot.waitSignal(explorer.failed, timeout=SOON_MS) as failure:
        save_picture(explorer, tmp_path / "no" / "a.png", np.zeros((2, 2), np.uint8), 1)
    assert isinstance(failure.args[0], OSError)
    assert saved == []


def test_a_sheet_of_a_model_that_was_closed_is_lost(explorer, make_bundle, tmp_path, qtbot):
    """That happens if another model is opened behind the dialog: `lost` is emitted, without another error."""
    decoder, plan, errors = explorer.decoder, samples_plan(explorer.model, 2, 0), []
    explorer.failed.connect(errors.append)
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        explorer.open(make_bundle(name="other"))
    with qtbot.waitSignal(explorer.files.lost, timeout=SOON_MS) as lost:
        save_sheet(explorer, decoder, tmp_path / "a.png", plan, 1)
    assert lost.args == [tmp_path / "a.png"]
    qtbot.waitUntil(lambda: explorer.worker.is_idle, timeout=SOON_MS)
    assert not errors
    assert not explorer.files.paths


def test_a_file_is_written_of_a_model_that_is_still_open(explorer, make_bundle, tmp_path, qtbot):
    """That includes a model whose file was renewed; after another model was opened, the file is lost."""
    source, lost = explorer.source, []
    explorer.files.lost.connect(lost.append)
    with qtbot.waitSignal(explorer.renewed, timeout=SOON_MS):
        explorer.reload()
    assert is_still_open(explorer, source, tmp_path / "a.png")
    assert not lost
    with qtbot.waitSignal(explorer.opened, timeout=SOON_MS):
        explorer.open(make_bundle(name="other"))
    assert not is_still_open(explorer, source, tmp_path / "a.png")
    assert lost == [tmp_path / "a.png"]
