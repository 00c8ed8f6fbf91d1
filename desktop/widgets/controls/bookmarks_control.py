"""Bookmarks: saves places under names, returns to them, and makes a path of them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain

import numpy as np
from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtWidgets import QMenu

from desktop.app.plane_subject import PlaneSubject
from desktop.app.worker import Priority
from desktop.base.arrays import Bytes, Floats
from desktop.base.vector import Vector
from desktop.images.pixels import to_bytes
from desktop.jobs.decode import Decoded
from desktop.jobs.thumbnails import thumbnails
from desktop.models.epochs import Epoch, epochs_of
from desktop.models.opened import Opened
from desktop.reading.input_values import InputValues
from desktop.view.bookmarks import (
    MAX_BOOKMARKS,
    Bookmark,
    as_path,
    bookmark,
    moved,
    renamed,
    with_picture,
    without_old_pictures,
)
from desktop.view.state import ViewState
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import add_button, name_command
from desktop.widgets.common.plain_text import menu_text
from desktop.widgets.common.qimage import png_text, to_qimage
from desktop.widgets.common.saved_inputs import save_input
from desktop.widgets.controls.shell import Shell
from desktop.widgets.panels.bookmarks_panel import BookmarksPanel
from desktop.widgets.plane.bookmark_marks import BookmarkMarks
from desktop.widgets.plane.plane_menu import add_title
from desktop.widgets.plane.plane_view import PlaneView

NAME = "bookmarks"
SECTION = "bookmarks"
PICTURE_PX = 48

Found = tuple[InputValues, list[Vector], Floats]  # inputs, places, and their pictures [K, C, H, W]


class BookmarksControl(QObject):
    """Connects the section and the menu of the bookmarks to the explorer.

    Args:
        shell: its panel gets the section.
        is_epoch_shown: says whether the state's epoch is loaded, so that its model decodes.

    Attributes:
        panel: the section.
        menu: the menu of the bookmarks.
        marks: the bookmarks of the open model.
    """

    kept = Signal(object)  # the bookmarks, which have changed
    stepped = Signal(
        object, object, str
    )  # the bookmarks before and after a person's change, and words for it
    outdated = Signal(object)  # frozenset of the epochs whose pictures are still right; None is the last
    told = Signal(str)
    path_made = Signal(float)  # the path's duration in seconds

    def __init__(self, shell: Shell, is_epoch_shown: Callable[[], bool]) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._is_epoch_shown = is_epoch_shown
        self._explorer = explorer = shell.explorer
        self._picture: Bytes | None = None
        self._decoded: tuple[object, Vector | None] = (None, None)  # the last picture's model and z
        self._sha256 = ""
        self._epochs: tuple[Epoch, ...] = ()
        self.marks: tuple[Bookmark, ...] = ()
        self._on_planes: list[BookmarkMarks] = []
        self._removed: tuple[Bookmark, int] | None = None  # the last one, and the number of the note about it
        self.panel = panel = BookmarksPanel()
        shell.panel.add_section(SECTION, "Bookmarks", panel)
        save_input("bookmarks.seconds", panel.leg_s)
        panel.add_wanted.connect(self._add)
        panel.chosen.connect(self._go)
        panel.rename_wanted.connect(
            lambda row, name: self._change(renamed(self.marks, row, name), "renaming a bookmark")
        )
        panel.remove_wanted.connect(self._remove)
        panel.move_wanted.connect(
            lambda start, to: self._change(moved(self.marks, start, to), "moving a bookmark", to)
        )
        panel.path_wanted.connect(self._make_path)
        explorer.opened.connect(self._on_opened)
        explorer.renewed.connect(self._on_renewed)
        explorer.model_changed.connect(self._ask)
        explorer.picture_decoded.connect(self._on_decoded)
        self.menu = menu = shell.menus["bookmarks"]
        name_command(add_action(menu, "&Bookmark this place", "Ctrl+D", self._add), panel.add)
        add_action(menu, "&Next bookmark", "N", lambda: self._step(1))
        add_action(menu, "&Previous bookmark", "Shift+N", lambda: self._step(-1))
        make = lambda: self._make_path(panel.leg_s.value())  # noqa: E731
        name_command(add_action(menu, "&Make them the path", None, make), panel.to_path)
        menu.addSeparator()
        reveal = partial(shell.panel.reveal, panel)
        for text, button in (
            ("&Rename the bookmark", panel.rename),
            ("Remo&ve the bookmark", panel.remove),
            ("Move the bookmark &up", panel.order.up),
            ("Move the bookmark &down", panel.order.down),
        ):
            add_button(menu, text, button, reveal=reveal)
        menu.addSeparator()
        self._entries = 0

    def show(self, marks: tuple[Bookmark, ...]) -> None:
        """Show the bookmarks of the model that was opened."""
        self.marks = marks
        self.panel.show_bookmarks(marks)
        self._show_marks()
        self._ask()

    def add_plane(self, subject: PlaneSubject, plane: PlaneView) -> BookmarkMarks:
        """Mark the bookmarks on a plane."""
        marks = BookmarkMarks(plane, lambda: subject.has_same_z)
        marks.show(self.marks)
        self._on_planes.append(marks)
        return marks

    def fill_menu(self, marks: BookmarkMarks, menu: QMenu, position: QPointF) -> bool:
        """Add entries about the bookmark under a pixel of a plane."""
        index = marks.index_at(position)
        if index is not None:
            add_title(menu, f"Bookmark {menu_text(self.marks[index].name)}")
            menu.addAction("&Go to it", partial(self._go, index))
            menu.addAction("Re&name it…", partial(self._rename, index))
            menu.addAction("&Remove it", partial(self._remove, index))
        return False

    def _rename(self, index: int) -> None:
        """Show the bookmark in its section, with its name open for editing."""
        self._shell.panel.reveal(self.panel)
        self.panel.list.setCurrentRow(index)
        self.panel.list.setFocus()
        self.panel.list.editItem(self.panel.list.item(index))

    def set_picture(self, picture: Bytes | None) -> None:
        """Set the picture at the cursor, uint8 [H, W(, C)]."""
        self._picture = picture

    def show_again(self, marks: tuple[Bookmark, ...]) -> None:
        """Show the bookmarks that undo or redo brought back; one that had been removed is chosen."""
        came_back = [row for row, mark in enumerate(marks) if not _is_among(mark, self.marks)]
        self._set(marks, came_back[0] if len(marks) > len(self.marks) and came_back else None)
        self._ask()

    def _change(self, marks: tuple[Bookmark, ...], words: str, current: int | None = None) -> None:
        """Change the bookmarks as a step that can be undone."""
        before = self.marks
        self._set(marks, current)
        if marks != before:
            self.stepped.emit(before, marks, words)

    def _set(self, marks: tuple[Bookmark, ...], current: int | None = None) -> None:
        self.marks = marks
        self.panel.show_bookmarks(marks, current)
        self._show_marks()
        if self._removed is not None and _is_among(self._removed[0], marks):
            self._shell.message.withdraw(self._removed[1])  # what it offers is done
            self._removed = None
        self.kept.emit(marks)

    def _add(self) -> None:
        explorer = self._explorer
        if explorer.source is None:
            return
        if len(self.marks) >= MAX_BOOKMARKS:
            self._shell.message.show_note(f"There are {MAX_BOOKMARKS} bookmarks already; remove one first")
            return
        mark = bookmark(explorer.state, self.marks, self._picture_text())
        self._change((*self.marks, mark), "adding a bookmark", len(self.marks))
        self._shell.panel.show_section(self.panel)
        self.told.emit(f"{mark.name} kept")

    def _picture_text(self) -> str:
        """The picture at the cursor as text; empty until the epoch's model has decoded it."""
        explorer = self._explorer
        is_right = self._is_epoch_shown() and self._decoded == (explorer.model, explorer.state.z)
        if self._picture is None or not is_right:
            return ""
        return png_text(to_qimage(self._picture), PICTURE_PX)

    def _on_decoded(self, decoded: Decoded) -> None:
        """Give this picture to the bookmarks of its place that were made before it was decoded."""
        self._decoded = self._explorer.model, decoded.z
        state = self._explorer.state
        if not any(not mark.picture and mark.is_at(state) for mark in self.marks):
            return
        text = self._picture_text()
        if text:
            self._set(with_picture(self.marks, state.z, state.epoch, state.inputs, text))

    def _ask(self) -> None:
        """Request the missing pictures of this epoch's bookmarks; a slow decoder's come from its cache alone.

        While the epoch's model is still loading, another one decodes; `model_changed` asks again after that.
        """
        if not self._is_epoch_shown():
            return
        explorer, epoch = self._explorer, self._explorer.state.epoch
        places: dict[InputValues, list[Vector]] = {}
        for mark in self.marks:
            view = mark.view
            if not mark.picture and view.epoch == epoch and len(view.z) == explorer.latent_dim:
                places.setdefault(view.inputs or explorer.state.inputs, []).append(view.z)
        if explorer.decoder is not None and places:
            parts = [self._pictures(inputs, found) for inputs, found in places.items()]
            show = partial(self._on_pictures, epoch)
            explorer.worker.request(NAME, Priority.GRID, chain(*parts), show)

    def _pictures(self, inputs: InputValues, places: list[Vector]) -> Iterator[Found | None]:
        """Decode the pictures at these places with these inputs, in steps."""
        decoder = self._explorer.decoder_with(inputs)
        assert decoder is not None
        z = np.stack([np.asarray(one, np.float32) for one in places])
        return (
            None if piece is None else (inputs, places[piece[0] :], piece[1])
            for piece in thumbnails(decoder, z)
        )

    def _on_pictures(self, epoch: int | None, found: Found) -> None:
        inputs, places, pictures = found
        marks = self.marks
        for z, picture in zip(places, to_bytes(pictures), strict=False):
            marks = with_picture(marks, z, epoch, inputs, png_text(to_qimage(picture), PICTURE_PX))
        self._set(marks)

    def _go(self, index: int) -> None:
        if index < len(self.marks):
            mark = self.marks[index]
            self._explorer.set_state(mark.seen_from(self._explorer.state))
            self.panel.list.setCurrentRow(index)
            self.told.emit(f"at {mark.name}")

    def _step(self, by: int) -> None:
        if self.marks:
            row = self.panel.list.currentRow()
            start = row if row >= 0 else (-1 if by > 0 else 0)
            self._go((start + by) % len(self.marks))

    def _remove(self, index: int) -> None:
        """Remove a bookmark, and offer to bring it back."""
        before = self.marks
        left = (*before[:index], *before[index + 1 :])
        self._change(left, "removing a bookmark", max(0, index - 1))
        text = f"{before[index].name} was removed"
        bring_back = partial(self._bring_back, before[index], self.marks, index)
        number = self._shell.message.show_note(text, [("Bring it back", bring_back)])
        self._removed = before[index], number

    def _bring_back(self, removed: Bookmark, after: tuple[Bookmark, ...], index: int) -> None:
        """Put a removed bookmark back at its place if the others are the same, or else at the end.

        The others' pictures are not compared. The bookmark's own picture is decoded again, because the file
        may have changed meanwhile.
        """
        there = _places(self.marks)
        if _is_among(removed, self.marks):  # undo has brought it back already
            return
        to = index if there == _places(after) else len(there)
        marks = (*self.marks[:to], replace(removed, picture=""), *self.marks[to:])
        self._change(marks, "bringing back a bookmark", to)
        self._ask()

    def _make_path(self, leg_s: float) -> None:
        if len(self.marks) < 2:
            self._shell.message.show_note("A path needs at least two bookmarks; add some with Ctrl+D")
            return
        state = as_path(self._explorer.state, self.marks, leg_s)
        self._explorer.set_state(state)
        self.path_made.emit(sum(state.path_times))
        self._shell.panel.show_section(self._shell.panel.path)

    def _on_opened(self, opened: Opened) -> None:
        source = opened.model.source
        is_other = source.sha256 != self._sha256
        self._sha256, self._epochs = source.sha256, epochs_of(source)
        if is_other:
            self.show(())

    def _on_renewed(self, opened: Opened) -> None:
        """Keep the bookmarks of a file that has changed, without the pictures that its old decoders made."""
        source = opened.model.source
        epochs = epochs_of(source)
        right: set[int | None] = {epoch.number for epoch in epochs if epoch in self._epochs}
        if source.sha256 == self._sha256:
            right.add(None)
        self._sha256, self._epochs = source.sha256, epochs
        self.outdated.emit(frozenset(right))
        self._set(without_old_pictures(self.marks, right))

    def _show_marks(self) -> None:
        """Show the bookmarks in the menu and on the planes."""
        self._fill_menu()
        for on_plane in self._on_planes:
            on_plane.show(self.marks)

    def _fill_menu(self) -> None:
        """List the bookmarks in the menu, so that the command palette finds them too."""
        actions = self.menu.actions()
        for action in actions[len(actions) - self._entries :]:
            self.menu.removeAction(action)
            action.deleteLater()
        for index, mark in enumerate(self.marks):
            add_action(self.menu, f"Go to {menu_text(mark.name)}", None, partial(self._go, index))
        self._entries = len(self.marks)


def _is_among(mark: Bookmark, marks: tuple[Bookmark, ...]) -> bool:
    """Whether a bookmark is there, with whatever picture."""
    return (mark.name, mark.view) in _places(marks)


def _places(marks: tuple[Bookmark, ...]) -> list[tuple[str, ViewState]]:
    """The bookmarks without their pictures."""
    return [(mark.name, mark.view) for mark in marks]
