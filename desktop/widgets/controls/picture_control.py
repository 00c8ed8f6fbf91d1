"""Shows the picture at the cursor, copies it and saves it."""

import uuid
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDrag, QGuiApplication, QImage, QKeySequence, QPixmap

from desktop.app.picture_decoder import PendingPicture
from desktop.app.saving import note_of, save_picture
from desktop.app.worker import Priority
from desktop.base.arrays import Bytes
from desktop.base.session_folder import SessionFolder
from desktop.base.vector import Vector
from desktop.images.picture_modes import drawn, modes_of
from desktop.images.pixels import enlarge, to_bytes
from desktop.images.room import SheetSize, no_room
from desktop.jobs.decode import Decoded, save_png
from desktop.models.opened import Opened
from desktop.view.state import PictureMode, ViewState
from desktop.view.z_text import plane_moved
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import add_button, add_choice_menu
from desktop.widgets.common.qimage import scaled_down, to_qimage
from desktop.widgets.common.save_dialog import ask_save_path
from desktop.widgets.common.wait_ring import WaitRing
from desktop.widgets.controls.shell import Shell
from desktop.widgets.panels.picture_panel import NOT_AT_CURSOR

# Copy, Save and a drag enlarge a picture that has few pixels.
MOST_SCALE, MOST_SIDE_PX = 10, 2048
NOTE_TYPE = "application/x-latent-plane"
DRAG, DRAGGED_NAME, DRAGGED_PX = "drag", "picture.png", 96


class PictureControl(QObject):
    """Draws the decoded picture in the panel and on the plane, and emits it as `shown`.

    Attributes:
        decoded: the picture that was decoded last, or None.
        picture: the picture that is drawn, uint8 [H, W(, C)], or None.
    """

    shown = Signal(object)  # uint8 [H, W(, C)], or None when another model was opened
    told = Signal(str)

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self.decoded: Decoded | None = None
        self.picture: Bytes | None = None
        self._mode = shell.explorer.state.picture_mode
        self._warning = ""
        self._drawn: Decoded | None = None
        self._ring = WaitRing(shell.panel.picture.picture)
        self._modes = frozenset(PictureMode)
        explorer, panel = shell.explorer, shell.panel.picture
        explorer.opened.connect(self._on_opened)
        explorer.renewed.connect(self._on_source)
        explorer.picture_decoded.connect(self._on_decoded)
        explorer.picture_pending.connect(self._on_pending)
        explorer.failed.connect(self._ring.stop)
        explorer.state_changed.connect(self._on_state)
        panel.z_typed.connect(self._go_to)
        panel.left.connect(shell.plane.setFocus)
        panel.mode_wanted.connect(lambda mode: explorer.change(picture_mode=mode))
        panel.copy_wanted.connect(self._copy)
        panel.save_wanted.connect(self._save)
        self._session = SessionFolder()
        explorer.closed.connect(self._session.close)
        panel.picture.drag_wanted.connect(self._drag)
        file, keys = shell.menus["file"], QKeySequence.StandardKey
        add_button(file, "&Save picture…", panel.save).setShortcut(keys.Save)
        add_button(file, "&Copy picture", panel.copy).setShortcut(keys.Copy)
        self.lens = add_action(shell.menus["view"], "Picture &beside the cursor", "L", self._switch_lens)
        self.lens.setCheckable(True)
        self.lens.setChecked(shell.explorer.state.lens)
        add_choice_menu(shell.menus["view"], "Picture &mode", panel.mode)

    def _on_source(self, opened: Opened) -> None:
        """Offer the picture modes that make sense for the model."""
        source = opened.model.source
        self._modes = modes_of(source)
        self._shell.panel.picture.set_modes(self._modes, source.likelihood)

    def _on_opened(self, opened: Opened) -> None:
        self._on_source(opened)
        self.picture, self.decoded, self._drawn = None, None, None
        self._ring.stop()
        self._shell.plane.set_thumbnail(None)
        self.shown.emit(None)

    def _switch_lens(self) -> None:
        self._shell.explorer.change(lens=not self._shell.explorer.state.lens)

    def _on_state(self, state: ViewState) -> None:
        self.lens.setChecked(state.lens)
        if self.decoded is not None and state.picture_mode is not self._mode:
            self._show(self.decoded, state.picture_mode)

    def _on_pending(self, pending: PendingPicture) -> None:
        """Show the nearest decoded picture, marked by the ring, until the wanted one comes."""
        self._ring.start(pending.expected_s)
        nearest, drawn_now = pending.nearest, self._drawn
        # The same picture is not drawn again, because a large one takes longer than an event should.
        if nearest is not None and (
            drawn_now is None or nearest.probabilities is not drawn_now.probabilities
        ):
            self._show(nearest, self._shell.explorer.state.picture_mode)

    def _on_decoded(self, decoded: Decoded) -> None:
        self._ring.stop()
        self.decoded = decoded
        if decoded.warning and decoded.warning != self._warning:
            self._shell.message.show_note(decoded.warning)
        self._warning = decoded.warning
        self._show(decoded, self._shell.explorer.state.picture_mode)

    def _show(self, decoded: Decoded, mode: PictureMode) -> None:
        self._mode, self._drawn = mode, decoded
        known = mode if mode in self._modes else PictureMode.PROBABILITIES
        likelihood = self._shell.explorer.likelihood
        is_enough = likelihood is None or likelihood.is_its_picture or decoded.parameters is not None
        if known is PictureMode.SAMPLE and not is_enough:
            known = PictureMode.PROBABILITIES  # until the parameters are decoded too
        shown = drawn(decoded.probabilities, known, likelihood, decoded.parameters)
        self.picture = to_bytes(shown[np.newaxis])[0]
        image = to_qimage(self.picture)
        self._shell.panel.picture.show_picture(image)
        self._shell.plane.set_thumbnail(image)
        self.shown.emit(self.picture)

    def _copy(self) -> None:
        if self.picture is not None:
            scale = _scale(self.picture)
            image = to_qimage(enlarge(self.picture[np.newaxis], scale)[0])
            data = QMimeData()
            data.setImageData(image)
            # This program reads the note when the picture is pasted; other programs take the picture.
            data.setData(NOTE_TYPE, note_of(self._shell.explorer, "picture", scale=scale).encode())
            QGuiApplication.clipboard().setMimeData(data)
            self.told.emit(f"picture copied, {image.width()} × {image.height()} pixels")

    def _drag(self) -> None:
        """Write the picture to a file of this session, and drag the file once it is written."""
        if not self._shell.panel.picture.is_at_cursor:
            self.told.emit(NOT_AT_CURSOR)
            return
        scale = self._scale_with_room()
        if self.picture is None or not scale:
            return
        try:
            folder = self._session.path() / uuid.uuid4().hex
            folder.mkdir()
        except OSError as error:
            self._shell.message.show_error(error)
            return
        explorer = self._shell.explorer
        job = save_png(folder / DRAGGED_NAME, self.picture, scale, note_of(explorer, "picture", scale=scale))
        explorer.worker.request(DRAG, Priority.PICTURE, job, self._begin_drag, of_model=False)

    def _begin_drag(self, path: Path) -> None:
        """Drag the file, if the button is still held."""
        view = self._shell.panel.picture.picture
        image = view.image()
        if image is None or not QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            return
        drag = QDrag(view)
        drag.setMimeData(dragged(path, image))
        drag.setPixmap(QPixmap.fromImage(scaled_down(image, DRAGGED_PX)))
        drag.exec(Qt.DropAction.CopyAction)

    def _scale_with_room(self) -> int:
        """How many times the picture is enlarged; 0 if there is none, or no room for it, with a message."""
        if self.picture is None:
            return 0
        height, width = self.picture.shape[:2]
        size = SheetSize(1, 1, (width, height), self.picture.size // (width * height), 0)
        scale = _scale(self.picture)
        found = no_room(lambda _: size, 1, scale)
        if found is None:
            return scale
        if not found.scale:
            self._shell.message.show_message(f"{found.reason}; close other programs")
        return found.scale or 0

    def _go_to(self, z: Vector) -> None:
        """Go to a z that was typed, and say if the plane had to move for it."""
        before = self._shell.explorer.state
        self._shell.explorer.set_state(before.moved_to(z))
        moved = plane_moved(before, self._shell.explorer.state)
        if moved:
            self.told.emit(moved)

    def _save(self) -> None:
        scale = self._scale_with_room()
        picture = self.picture
        if picture is not None and scale:
            shell = self._shell
            # Taken before the dialog opens, because behind it playing epochs and a growing bundle go on.
            note = note_of(shell.explorer, "picture", scale=scale)
            show_message, source = shell.message.show_message, shell.explorer.source
            path = ask_save_path(
                shell.window, "Save picture", "picture.png", "PNG (*.png)", show_message, source
            )
            if path is not None:
                save_picture(shell.explorer, path, picture, scale, note)


def _scale(picture: Bytes) -> int:
    """How many times a picture uint8 [H, W(, C)] is enlarged when it is copied, saved or dragged."""
    side_px: int = max(picture.shape[:2])
    return max(1, min(MOST_SCALE, MOST_SIDE_PX // side_px))


def dragged(path: Path, image: QImage) -> QMimeData:
    """Return the data of a drag: the file for folders and mail, and the pixels for other programs."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    data.setImageData(image)
    return data
