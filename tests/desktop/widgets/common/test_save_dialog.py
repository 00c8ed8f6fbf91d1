"""The dialog for saving begins where the last one ended."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from desktop.base import saved
from desktop.widgets.common.save_dialog import ask_where

KINDS = "PNG (*.png)"


@pytest.fixture
def ask(monkeypatch):
    """`ask(chosen, title, name)`: the path that is returned, and the place at which the dialog began."""

    def run(chosen, title="Save picture", name="picture.png"):
        began = []

        def dialog(*arguments):
            began.append(arguments[2])
            return str(chosen or ""), ""

        monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(dialog))
        return ask_where(None, title, name, KINDS, lambda _: None), Path(began[0])

    return run


def test_it_begins_with_the_last_folder_and_name(ask, tmp_path):
    """The folder is that of any export; the name is that of the same dialog, with today's ending."""
    assert ask(tmp_path / "mine.png") == (tmp_path / "mine.png", Path("picture.png"))
    assert ask(None) == (None, tmp_path / "mine.png")
    assert ask(None, "Export animation", "walk.gif")[1] == tmp_path / "walk.gif"
    ask(tmp_path / "round.gif", "Export animation", "walk.gif")
    assert ask(None, "Export animation", "walk.webp")[1] == tmp_path / "round.webp"


def test_a_name_gets_its_ending_and_is_remembered_with_it(ask, tmp_path):
    """A refused name is not remembered."""
    assert ask(tmp_path / "mine")[0] == tmp_path / "mine.png"
    (tmp_path / "other.png").touch()
    assert ask(tmp_path / "other")[0] is None
    assert ask(None)[1] == tmp_path / "mine.png"


@pytest.mark.parametrize("damaged", [3, {"folder": 7, "names": []}, {"folder": "a\0b"}])
def test_what_is_damaged_is_not_used(ask, damaged):
    """The dialog begins as at the first time."""
    saved.change(lambda content: content.update({"exports": damaged}))
    assert ask(None) == (None, Path("picture.png"))
