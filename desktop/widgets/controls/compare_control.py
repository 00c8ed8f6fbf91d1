"""The page that compares the open model with another one, or with another epoch of it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from desktop.app.comparison import Comparison
from desktop.app.explorer import Explorer
from desktop.app.picture_decoder import PendingPicture
from desktop.app.plane_subject import PlaneSubject
from desktop.base.words import NAME_CHARS, one_line
from desktop.images.difference import Difference
from desktop.images.pixels import to_bytes
from desktop.jobs.decode import Decoded
from desktop.models.epochs import epochs_of
from desktop.models.opened import Opened
from desktop.models.source import Source, UnreadError
from desktop.reading.overrides import Overrides
from desktop.reading.reading import OtherInput
from desktop.vetting.opening import OpeningStoppedError
from desktop.view.comparison import Other, other_from_text
from desktop.widgets.common import settings
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import add_button, name_command
from desktop.widgets.common.message_bar import Action
from desktop.widgets.common.qimage import to_qimage
from desktop.widgets.common.saved_inputs import save_input
from desktop.widgets.common.usable import set_usable
from desktop.widgets.common.wait_ring import WaitRing
from desktop.widgets.controls.compare_words import difference_words
from desktop.widgets.controls.compared_image import ComparedImage
from desktop.widgets.controls.held_out_control import HeldOutControl
from desktop.widgets.controls.map_control import NAME, MapControl
from desktop.widgets.controls.opening_control import OpeningControl
from desktop.widgets.controls.opening_messages import alone_words
from desktop.widgets.controls.plane_content import PlaneContent
from desktop.widgets.controls.plane_gestures import PlaneGestures
from desktop.widgets.controls.reading_control import ReadingControl
from desktop.widgets.controls.shell import Shell
from desktop.widgets.dialogs.about_model import state_and_elbo
from desktop.widgets.panels.compare_page import ComparePage
from desktop.widgets.panels.pages import Pages
from desktop.widgets.plane.plane_view import PlaneView
from export.bundle import MANIFEST_FILE, PartOfBundleError

COMPARE = "compare"
NO_SECOND = "There is no B to close."
NO_OTHER_EPOCHS = "The open model has no other epochs."
KINDS = "Models (manifest.json *.latent *.onnx);;All files (*)"


class CompareControl(QObject):
    """Adds the page, and connects it to the explorers of both models.

    Args:
        shell: its explorer holds A, the open model.
        tabs: the pages, to which this one is added.

    Attributes:
        page: the page.
        comparison: holds B.
        image: shows how both models encode and reconstruct your image.
        held_out: shows the test images of A and B.
    """

    told = Signal(str)
    pointer_moved = Signal(object)  # (a, b) under the pointer on either plane, or None
    stepped = Signal(object, object, str)  # B before and after, each an Other or None; words for the step

    def __init__(self, shell: Shell, tabs: Pages) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._tabs = tabs
        self.held_out: tuple[HeldOutControl, ...] = ()
        self._note = 0  # the number of the last note about B
        self._before: tuple[Other | None, ...] = ()  # while a person opens another B: the one before
        self.page = page = ComparePage()
        self.comparison = comparison = Comparison(shell.explorer, self)
        first, second = comparison.first, comparison.second
        self.reading = ReadingControl(shell.window, shortcut="", own_inputs=self._own_inputs)
        self.image = ComparedImage(comparison, page)
        self._rings = [WaitRing(picture) for picture in page.pictures]
        OpeningControl(second, shell.message, page.empty)
        for side, (explorer, plane) in enumerate(((first, page.left), (second, page.right))):
            self._connect_plane(explorer, plane)
            explorer.picture_decoded.connect(partial(self._on_picture, side))
            explorer.picture_pending.connect(partial(self._show_pending, side))
            for changed in (explorer.opened, explorer.renewed):
                changed.connect(self._show_names)
            explorer.opened.connect(partial(self._drop_picture, side))
            explorer.model_changed.connect(self._on_model)
            explorer.failed.connect(self._rings[side].stop)
        comparison.timeline.epochs_changed.connect(self._show_epochs)
        second.state_changed.connect(self._on_second_state)
        second.opening_began.connect(self._show_names)
        second.opened.connect(self._on_opened)
        second.model_closed.connect(self._on_closed)
        second.renewed.connect(lambda opened: self.reading.set_source(opened.model.source))
        second.open_failed.connect(self._on_open_failed)
        second.failed.connect(lambda error: shell.message.queue(partial(shell.message.show_error, error)))
        comparison.compared.connect(self._show_difference)
        self.reading.overrides_set.connect(self.open)
        page.shown_changed.connect(self._on_shown)
        page.epoch_wanted.connect(self._open_epoch)
        page.model_wanted.connect(self._choose)
        page.reading_wanted.connect(self.reading.action.trigger)
        page.close_wanted.connect(self._close)
        page.index_wanted.connect(comparison.timeline.go_to)
        page.restored.connect(self._restore)
        page.empty.invite()
        page.empty.show()
        tabs.add_page(COMPARE, "&Compare", page)
        menu = shell.menus["pages"]
        self._epoch_action = add_action(menu, "Compare with another epoch", None, self._open_epoch)
        another_model = add_action(menu, "Compare with another model…", None, self._choose)
        self._close_action = add_action(menu, "Close B", "Ctrl+W", self._close)
        set_usable(self._close_action, NO_SECOND)
        for entry, button in (
            (self._epoch_action, page.another_epoch),
            (another_model, page.another_model),
            (self._close_action, page.close_b),
        ):
            name_command(entry, button)
        add_button(menu, "How B is rea&d…", page.reading)
        save_input("compare.other", page)
        self._show_names()

    def set_gestures(self, gestures: PlaneGestures) -> None:
        """Give both planes the gestures of the window's plane, and show the image at the pointer on both."""
        comparison, page = self.comparison, self.page
        beside = PlaneSubject(comparison.second, comparison.first, lambda: comparison.has_same_points)
        first = gestures.add_plane(PlaneSubject.of(comparison.first), page.left)
        second = gestures.add_plane(beside, page.right)
        self.held_out = first, second
        for here, there in (self.held_out, self.held_out[::-1]):
            here.near_shown.connect(partial(self._show_beside, there))

    def _show_beside(self, held_out: HeldOutControl, index: int | None) -> None:
        held_out.show_beside(index if self.comparison.has_same_points else None)

    def _connect_plane(self, explorer: Explorer, plane: PlaneView) -> None:
        """Show a model on a plane, and let mouse and keys on it change the state of A."""
        first = self._shell.explorer
        PlaneContent(explorer, plane).arrow.clicked.connect(
            lambda: first.set_state(first.state.with_cursor_in_view(0.0))
        )
        MapControl(explorer, plane, f"{NAME} compared")
        plane.cursor_moved.connect(lambda a, b: first.set_state(first.state.at((a, b))))
        plane.nudged.connect(lambda a, b: first.set_state(first.state.nudged(a, b)))
        plane.viewport_wanted.connect(lambda viewport: first.change(viewport=viewport))
        plane.pointer_moved.connect(self.pointer_moved)
        plane.zoom_ended.connect(self._shell.plane.zoom_ended)

    def _on_shown(self, is_shown: bool) -> None:
        self.comparison.set_shown(is_shown)
        for side, explorer in enumerate((self.comparison.first, self.comparison.second)):
            decoded = self.comparison.picture_of(explorer)
            if is_shown and decoded is not None:
                self._show_picture(side, decoded)
        self.image.show()

    def _open_epoch(self) -> None:
        self._tabs.show_key(COMPARE)
        self._open_as_step(self.comparison.open_epoch)

    def _choose(self) -> None:
        """Ask for a model, and open it as B."""
        self._tabs.show_key(COMPARE)
        title = "Compare with another model"
        chosen, _ = QFileDialog.getOpenFileName(self._shell.window, title, settings.last_folder(), KINDS)
        if chosen:
            self.open(Path(chosen))

    def open(self, path: Path, overrides: Overrides | None = None) -> None:
        """Open a bundle's folder, its manifest.json, a `.latent` file or a bare `.onnx` as B."""
        self._shell.message.hide_error()
        other = Other(path.parent if path.name == MANIFEST_FILE else path)
        self._open_as_step(partial(self.comparison.open, other, overrides))

    def open_other(self, other: Other) -> None:
        """Compare with a model at one of its epochs, as a step that can be undone."""
        self._open_as_step(partial(self.comparison.open, other))

    def _open_as_step(self, open_it: Callable[[], None]) -> None:
        """Open B, as a step that can be undone once B is open. Another epoch of B is not a step."""
        before = self.comparison.current
        open_it()
        self._before = (before,) if self.comparison.is_opening else ()

    def show_other(self, other: Other | None) -> None:
        """For undo and redo: compare with a model again once the page is shown; None closes B."""
        self._before = ()
        if other is None:
            self.comparison.close_second()
        else:
            self.comparison.keep(other)
        self._keep()

    def _close(self) -> None:
        """Close B as a step that can be undone, and offer to bring it back; or stop opening a model as B."""
        other, source = self.comparison.current, self.comparison.second.source
        self.show_other(None)
        if self.page.isVisible():
            self.page.left.setFocus()
        if other is None or source is None:
            return
        self.stepped.emit(other, None, "closing B")
        text = f"B was closed: {one_line(source.name, NAME_CHARS)}"
        bring_back = partial(self.open_other, other)
        self._note = self._shell.message.show_note(text, [("Bring it back", bring_back)])

    def _on_closed(self) -> None:
        """Show that there is nothing to compare with."""
        self._shell.message.withdraw(self._note)
        self._drop_picture(1)
        self._show_names()
        self.image.show()
        self._keep()

    def _restore(self, text: str) -> None:
        other = other_from_text(text)
        if other is not None:
            self.comparison.keep(other)
            self._keep()

    def _keep(self) -> None:
        """Save which model is B."""
        other = self.comparison.other
        self.page.set_other("" if other is None else other.text)

    def _on_opened(self, opened: Opened) -> None:
        source = opened.model.source
        self.reading.set_source(source)
        notes = [alone_words(source), source.guess_note, *source.notes, opened.model.warning]
        review: list[Action] = [("Review…", self.reading.open_dialog)] if source.guess_note else []
        actions = [*self._whole_bundle(source.within), *review]
        self._shell.message.hide_error()
        self._shell.message.withdraw(self._note)
        if any(notes):
            self._note = self._shell.message.show_note(f"B: {'; '.join(filter(None, notes))}", actions)
        self.image.show()
        for before in self._before:
            self._before, after = (), self.comparison.current
            if before != after:
                words = "opening B" if before is None else "replacing B"
                self.stepped.emit(before, after, words)

    def _whole_bundle(self, within: Path | None) -> list[Action]:
        """The button that opens the bundle which a file belongs to."""
        return [] if within is None else [("Open the bundle", partial(self.open, within))]

    def _on_open_failed(self, error: Exception) -> None:
        self._before = ()
        self._show_names()
        if isinstance(error, OpeningStoppedError):
            self.told.emit("opening was stopped")
        elif not self.reading.show_error(error):
            within = error.within if isinstance(error, UnreadError | PartOfBundleError) else None
            actions = self._whole_bundle(within)
            actions += self.reading.actions_for(error) if isinstance(error, UnreadError) else []
            longer = error.with_more_time() if isinstance(error, UnreadError) else None
            if isinstance(error, UnreadError) and longer is not None:
                actions.insert(0, ("Give it more time", partial(self.open, error.file.path, longer)))
            self._shell.message.show_error(error, actions=actions)

    def _on_second_state(self) -> None:
        self.page.set_index(self.comparison.timeline.index)
        self._keep()

    def _show_epochs(self) -> None:
        self.page.set_epochs(self.comparison.timeline.epochs)
        self.page.set_index(self.comparison.timeline.index)

    def _show_names(self) -> None:
        for side, explorer in enumerate((self.comparison.first, self.comparison.second)):
            source = explorer.source
            name, words, elbo = "", "", ""
            if source is not None:
                name = one_line(source.name, 2 * NAME_CHARS)
                numbers = [each.number for each in epochs_of(source)]
                epoch = explorer.state.epoch
                # The last epoch is named too, to tell it from the other side's epoch.
                words, elbo = state_and_elbo(source, numbers[-1] if epoch is None and numbers else epoch)
            other = self.comparison.first.source
            is_another = bool(side and source and other and _differ(source, other))
            self.page.set_name(side, name, words, elbo, is_another)
        second = self.comparison.second.source
        self.page.reading.setVisible(second is not None and second.file is not None)
        can_close = second is not None or self.comparison.is_opening
        self.page.close_b.setVisible(can_close)
        set_usable(self._close_action, "" if can_close else NO_SECOND)
        for one in (self.page.another_epoch, self._epoch_action):
            set_usable(one, "" if len(self.comparison.first_epochs) > 1 else NO_OTHER_EPOCHS)

    def _own_inputs(self, source: Source) -> tuple[OtherInput, ...]:
        """The further inputs of B that A does not have; B's others follow the panel."""
        first = {other.name for other in self._shell.explorer.inputs}
        return tuple(other for other in source.further_inputs if other.name not in first)

    def _on_model(self) -> None:
        self._show_names()
        self.image.show()

    def _drop_picture(self, side: int, _: object = None) -> None:
        self._rings[side].stop()
        self.page.set_picture(side, None)

    def _on_picture(self, side: int, decoded: Decoded) -> None:
        self._rings[side].stop()
        self._show_picture(side, decoded)

    def _show_picture(self, side: int, decoded: Decoded) -> None:
        if not self.page.isVisible():
            return
        picture = to_bytes(decoded.probabilities[np.newaxis])[0]
        self.page.set_picture(side, to_qimage(picture))
        if side == 1:
            self.reading.set_picture(picture)

    def _show_pending(self, side: int, pending: PendingPicture) -> None:
        """Show the nearest decoded picture until the wanted one comes."""
        self._rings[side].start(pending.expected_s)
        if pending.nearest is not None:
            self._show_picture(side, pending.nearest)

    def _show_difference(self, found: Difference | None) -> None:
        self.page.set_difference(found)
        shapes = self.comparison.first.image_shape, self.comparison.second.image_shape
        self.page.set_difference_words(*difference_words(found, *shapes))


def _differ(source: Source, other: Source) -> bool:
    """Whether two sources are of different models; a file that has changed is the same model."""
    return source.path != other.path and source.sha256 != other.sha256
