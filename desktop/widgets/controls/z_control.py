"""Reads z from files of numbers, saves z to files, and copies z as text."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from numpy.typing import ArrayLike
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from desktop.app.saving import save_file
from desktop.app.worker import Priority
from desktop.base.arrays import Doubles
from desktop.base.vector import Vector
from desktop.jobs.numbers import read_numbers, save_numbers
from desktop.latent.named_points import NamedPoints, named_points
from desktop.latent.number_file import NumberFileError
from desktop.view.state import ViewState
from desktop.view.z_text import ZFormat, plane_moved, z_text
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.message_bar import Action
from desktop.widgets.common.save_dialog import ask_save_path
from desktop.widgets.controls.shell import Shell

# The list of points, the undo steps and the notes in exports hold every point, so a path has a bound.
MAX_POINTS, MAX_NUMBERS = 200, 1 << 18
MOST_COPIED = 1 << 16  # numbers of z that are copied as text, about twenty characters each
KIND = "NumPy array (*.npy)"


class ZControl(QObject):
    """Moves the cursor to a file's z, or asks what to do with several z; saves z and path, and copies z."""

    told = Signal(str)
    # NamedPoints to show as points, their file's name and Path, and whether an earlier start showed them
    points_wanted = Signal(object, str, object, bool)
    not_shown_again = Signal()  # the points of an earlier start
    directions_wanted = Signal(object)  # Path of a file whose points are meant as directions
    shown = Signal(str)  # key of the section that shows what was opened

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._explorer = shell.explorer
        file = shell.menus["file"]
        add_action(file, "Save &z…", None, self._save_z)
        add_action(file, "Save pat&h…", None, self._save_path)
        menu = shell.menus["edit"].addMenu("Copy &z as")
        for kind in ZFormat:
            add_action(menu, f"&{kind.value}", None, partial(self._copy_cursor, kind))

    def open(self, path: Path) -> None:
        """Read a `.npy`, `.npz`, `.json` or `.csv`: one z moves the cursor; for several, ask what to do."""
        if self._explorer.latent_dim is None:
            self._shell.message.show_message(f"{path}: found numbers, expected an open model; open one first")
            return
        self._explorer.worker.request(
            "numbers", Priority.PICTURE, read_numbers(path), partial(self._on_read, path)
        )

    def show_again(self, path: Path) -> None:
        """Show the z of a file as points, as at an earlier start; the status bar says so."""

        def show(arrays: Mapping[str, Doubles]) -> None:
            latent_dim = self._explorer.latent_dim
            assert latent_dim is not None
            try:
                points = named_points(arrays, latent_dim, str(path))
            except NumberFileError as error:
                tell(error)
            else:
                self.points_wanted.emit(points, path.name, path, True)

        def tell(error: Exception) -> None:
            why = " ".join(str(error).split()) if path.exists() else f"{path} is no longer there"
            self.told.emit(f"your points are not shown again: {why}")
            self.not_shown_again.emit()

        self._explorer.worker.request("numbers", Priority.PICTURE, read_numbers(path), show, tell)

    def _on_read(self, path: Path, arrays: Mapping[str, Doubles]) -> None:
        latent_dim = self._explorer.latent_dim
        assert latent_dim is not None
        try:
            points = named_points(arrays, latent_dim, str(path))
        except NumberFileError as error:
            self._shell.message.show_error(error)
            return
        if len(points.z) == 1:
            before = self._explorer.state
            self._explorer.set_state(before.moved_to(Vector(points.z[0])))
            self._shell.message.dismiss()
            words = (f"moved to the z of {path.name}", plane_moved(before, self._explorer.state))
            self.told.emit("; ".join(filter(None, words)))
        else:
            self.ask(points, path.name, path)

    def ask(self, points: NamedPoints, name: str, path: Path | None = None) -> None:
        """Ask what to do with several z. `name` says where they come from; `path` is their file, if any."""
        latent_dim = self._explorer.latent_dim
        assert latent_dim is not None
        paths: list[Action]
        most = min(MAX_POINTS, max(2, MAX_NUMBERS // latent_dim))
        if len(points.z) <= most:
            paths = [("Make them the path", partial(self._set_path, name, points.z))]
        else:
            paths = [
                (f"Path of {most}, evenly spaced", partial(self._set_path, name, points.evenly(most).z)),
                (f"Path of the first {most}", partial(self._set_path, name, points.z[:most])),
            ]
        actions: list[Action] = [
            ("Show as points", partial(self.points_wanted.emit, points, name, path, False)),
            *paths,
        ]
        if path is not None:
            actions.append(("Open as directions", partial(self.directions_wanted.emit, path)))
        self._shell.message.show_note(f"{name}: {len(points.z):,} points", actions, asks=True)

    def _set_path(self, name: str, points: Doubles) -> None:
        """Make points [n, d] the path and move the cursor to the first, in one step that can be undone."""
        rows, state = tuple(map(Vector, points)), self._explorer.state
        self._explorer.set_state(replace(state, path=rows, path_times=(), path_inputs=()).moved_to(rows[0]))
        self.shown.emit("path")
        lost = _more_than_z(state)
        more = f", without the {lost} of the one before" if lost else ""
        self.told.emit(f"{name}: its {len(points)} points are now the path{more}")

    def _save_z(self) -> None:
        self._save("Save z", "z.npy", self._explorer.state.z)

    def _save_path(self) -> None:
        state = self._explorer.state
        if state.path:
            path = self._save("Save path", "path.npy", state.path)
            lost = _more_than_z(state)
            if path is not None and lost:
                self.told.emit(f"{path.name} has the points' z alone; the path's {lost} are not in it")
        else:
            self.told.emit("the path has no points to save")

    def _save(self, title: str, name: str, numbers: ArrayLike) -> Path | None:
        """Save numbers to a file that the person chooses; return its path, or None."""
        if self._explorer.latent_dim is None:
            return None
        show_message, source = self._shell.message.show_message, self._explorer.source
        path = ask_save_path(self._shell.window, title, name, KIND, show_message, source)
        if path is not None:
            save_file(self._explorer, path, save_numbers(path, numbers), of_model=False)
        return path

    def _copy_cursor(self, kind: ZFormat) -> None:
        if self._explorer.latent_dim is not None:
            self.copy(self._explorer.state.z, kind)

    def copy(self, z: Vector, kind: ZFormat = ZFormat.NUMBERS) -> None:
        """Copy z with all its digits."""
        if len(z) > MOST_COPIED:
            self.told.emit(f"z has {len(z):,} numbers, too many for a text; File › Save z… saves them")
        else:
            QGuiApplication.clipboard().setText(z_text(z, kind))
            self.told.emit(f"z copied as {kind.value if kind is not ZFormat.NUMBERS else 'numbers'}")


def _more_than_z(state: ViewState) -> str:
    """What a path has besides z, for which a file of numbers has no room; empty if it has nothing."""
    has = (("times", bool(state.path_times)), ("inputs", state.has_own_path_inputs))
    return " and ".join(word for word, there in has if there)
