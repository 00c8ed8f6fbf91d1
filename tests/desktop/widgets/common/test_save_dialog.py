"""The dialog for saving begins where the last one ended."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from desktop.base import saved
from desktop.widgets.common.save_dialog import ask_save_path
from tests.desktop.models.bare_graphs import bare, picture_nodes

KINDS = "PNG (*.png)"


@pytest.fixture
def ask(monkeypatch):
    """`ask(chosen, title, name, source)`: the returned path, and the path that the dialog suggested."""

    def run(chosen, title="Save picture", name="picture.png", source=None):
        began = []

        def dialog(*arguments):
            began.append(arguments[2])
            return str(chosen or ""), ""

        monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(dialog))
        return ask_save_path(None, title, name, KINDS, lambda _: None, source), Path(began[0])

    return run


def test_it_begins_with_the_last_folder_and_name(ask, tmp_path):
    """The folder is that of the last export; the name is the same dialog's last one, with the new ending."""
    assert ask(tmp_path / "mine.png") == (tmp_path / "mine.png", Path("picture.png"))
    assert ask(None) == (None, tmp_path / "mine.png")
    assert ask(None, "Export animation", "walk.gif")[1] == tmp_path / "walk.gif"
    ask(tmp_path / "round.gif", "Export animation", "walk.gif")
    assert ask(None, "Export animation", "walk.webp")[1] == tmp_path / "round.webp"


def test_the_name_is_that_of_the_model_unless_the_last_one_was_chosen_for_it(ask, tmp_path):
    """The folder stays, but a name chosen for one model is not suggested for another."""
    faces = replace(bare(tmp_path, picture_nodes([1, 4, 5]), ("N", 1, 4, 5)), path=Path("faces.onnx"))
    digits = replace(faces, path=Path("digits.onnx"), sha256="d" * 64)
    assert ask(tmp_path / "mine.html", name=".html", source=faces)[1] == Path("faces.html")
    assert ask(None, name=".html", source=faces)[1] == tmp_path / "mine.html"
    assert ask(None, name=".html", source=digits)[1] == tmp_path / "digits.html"
    assert ask(None, "Export the view", "view.svg", digits)[1] == tmp_path / "digits-view.svg"


def test_a_name_gets_its_ending_and_is_remembered_with_it(ask, tmp_path):
    """A refused name is not remembered."""
    assert ask(tmp_path / "mine")[0] == tmp_path / "mine.png"
    (tmp_path / "other.png").touch()
    assert ask(tmp_path / "other")[0] is None
    assert ask(None)[1] == tmp_path / "mine.png"


@pytest.mark.parametrize(
    "damaged", [3, {"folder": 7, "names": []}, {"folder": "a\0b"}, {"names": {"Save picture": "earlier.png"}}]
)
def test_what_is_damaged_is_not_used(ask, damaged):
    """With damaged settings, the dialog begins as if nothing had been saved."""
    saved.change(lambda content: content.update({"exports": damaged}))
    assert ask(None) == (None, Path("picture.png"))
