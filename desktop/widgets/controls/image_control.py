"""Your own image: drawn, opened, dropped or pasted, and encoded while it changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QMenu

from desktop.app.drawing_encoder import DrawingEncoder
from desktop.app.own_picture import bits_of, fit_steps, has_true_posterior, network_input
from desktop.app.worker import Priority
from desktop.base.arrays import Bytes
from desktop.base.vector import Vector
from desktop.images.data_look import (
    DRAW_A_DIGIT,
    Color,
    contrasting,
    invitation,
    palette,
    some_images,
    surface,
)
from desktop.images.drawing import Drawing, Tool, blank
from desktop.images.fitting import Fitted
from desktop.images.picture_kinds import SUFFIXES, ImageError
from desktop.images.pixels import to_bytes
from desktop.jobs.encode import Encoded
from desktop.latent.likelihood import Family, Likelihood
from desktop.latent.normals import ellipse, project_normals
from desktop.view.closer import closer_to
from desktop.view.saved_drawing import SavedDrawing
from desktop.view.state import ViewState
from desktop.widgets.common.actions import add_action
from desktop.widgets.common.commands import add_button, name_command
from desktop.widgets.common.qimage import from_qimage, to_qimage
from desktop.widgets.common.saved_inputs import save_input
from desktop.widgets.common.usable import set_usable
from desktop.widgets.controls.shell import Shell
from desktop.widgets.panels.image_panel import NOTHING_DRAWN, ImagePanel
from desktop.widgets.plane.encoded_marks import EncodedMarks

NO_ENCODER = "The open model has no encoder, so your image has no mean, ELBO or reconstruction."
NO_ENCODER_OF_EPOCH = (
    "The file has no encoder of this epoch, so your image has no mean, ELBO or reconstruction here."
)
NO_LIKELIHOOD = "The open model does not declare a likelihood, so there is no distortion, ELBO or log p(x)."
DENSITY = (
    "The likelihood is {}, a density of pixels in [0, 1]: the distortion may be negative, and ELBO and "
    "log p(x) may be positive."
)
GREY_BERNOULLI = (
    "The images have grey levels and the likelihood is Bernoulli: the distortion is a cross-entropy."
)

TOOL_ENTRIES = {
    Tool.PEN: ("&Pen", "D"),
    Tool.ERASER: ("&Eraser", "X"),
    Tool.UNKNOWN: ("Mark &unknown", "U"),
}
MNIST_SHAPE = 1, 28, 28
MNIST_TIP = (
    "A model is best at images like those that it was trained on. MNIST's digits stand in the middle and\n"
    "are about 20 of 28 pixels high; smaller drawings, or drawings elsewhere, are recognised less well."
)


class ImageControl(QObject):
    """Adds the section for your own image, and keeps its figures up to date.

    Attributes:
        panel: the section; its canvas holds the drawing.
        marks: shows on the plane where the encoder puts the drawing.
        encoded: the drawing's approximate posterior, reconstruction and ELBO, or None.
    """

    changed = Signal(object)  # Encoded or None, when it or the drawing has changed
    drawn = Signal(object)  # SavedDrawing or None, whenever the drawing has changed
    stepped = Signal(object, object, str)  # Drawing before and after, and words for the step, for undo
    moved = Signal(object, object)  # ViewState before and after an opened picture has moved the cursor

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self._explorer = explorer = shell.explorer
        self.panel = ImagePanel()
        self.encoded: Encoded | None = None
        self._is_looked_at = False
        self._goes_to: Drawing | None = None  # an opened picture, until its mean is known
        self._reconstruction: QImage | None = None
        self._aside: QImage | None = None  # the cursor's picture, while the reconstruction takes its place
        shell.panel.picture.put_aside.connect(self._on_aside)
        self._z = explorer.state.z
        self._encoder = DrawingEncoder(explorer, self)
        self._encoder.encoded.connect(self._show)
        self._encoder.failed.connect(self._on_failed)
        self._surface = self.panel.canvas.drawing().surface
        self._colors: tuple[Color, ...] = ()
        shell.panel.set_canvas(self.panel.canvas, self.panel.tool_row)
        shell.panel.add_section("image", "Your image", self.panel)
        save_input("pen", self.panel)
        self.marks = EncodedMarks(shell.plane)
        open_image = add_action(shell.menus["file"], "Open an &image…", None, self._choose)
        name_command(open_image, self.panel.open)
        self._fill_menu(shell.menus["draw"])
        self.panel.canvas.changed.connect(self._on_drawn)
        self.panel.canvas.stepped.connect(self.stepped)
        set_usable(self.panel.take, NOTHING_DRAWN)
        set_usable(self.panel.clear, NOTHING_DRAWN)
        self.panel.clear_wanted.connect(self._clear)
        self.panel.open_wanted.connect(self._choose)
        self.panel.cursor_wanted.connect(self._go_to_mean)
        explorer.opened.connect(self._on_opened)
        explorer.model_changed.connect(self._on_model)
        explorer.state_changed.connect(self._on_state)

    @property
    def drawing(self) -> Drawing:
        """The drawing on the canvas."""
        return self.panel.canvas.drawing()

    def set_looked_at(self, is_looked_at: bool) -> None:
        """Show the reconstruction beside the canvas while your image is looked at, until the cursor moves."""
        self._is_looked_at = is_looked_at
        self._show_reconstruction()

    def _on_state(self, state: ViewState) -> None:
        if state.z is not self._z:
            self._z = state.z
            if self._is_looked_at:
                self.set_looked_at(False)

    def _show_reconstruction(self) -> None:
        self._shell.panel.show_reconstruction(self._reconstruction if self._is_looked_at else None)
        self._show_small()

    def _show_small(self) -> None:
        self.panel.show_picture(self._reconstruction, self._aside)

    def _on_aside(self, at_cursor: QImage | None) -> None:
        self._aside = at_cursor
        self._show_small()

    def open_file(self, path: Path) -> None:
        """Fit a picture file to the model, encode it, and move the cursor to its mean."""
        self._fit(path)

    def set_image(self, image: QImage) -> None:
        """Fit a picture to the model, encode it, and move the cursor to its mean."""
        self._fit(from_qimage(image))

    def show_again(self, drawing: Drawing) -> None:
        """Show a drawing that undo or redo brought back."""
        self.panel.show_steps(None)
        self.panel.canvas.set_drawing(drawing)

    def restore(self, found: SavedDrawing | None) -> None:
        """Show what was drawn at an earlier start, unless there is a drawing already."""
        if found is not None and self.drawing.is_empty:
            ground = blank(self._surface.shape, self._surface)
            self.panel.canvas.set_drawing(replace(ground, pixels=found.pixels, known=found.known))
        self._tell()

    def encode(self) -> None:
        """Request the encoding of the drawing."""
        self._encoder.encode(self.drawing)

    def _fill_menu(self, draw: QMenu) -> None:
        """Add the tools of the canvas, and the ways to the encoder's mean and to the mode."""
        panel = self.panel
        canvas = [panel.tool_row]
        for tool, (text, key) in TOOL_ENTRIES.items():
            add_button(draw, text, panel.tools[tool], key, canvas)
        add_button(draw, "&Another colour…", panel.colors.more, within=[panel.colors, *canvas])
        add_button(draw, "&Clear the drawing", panel.clear, "Shift+X", canvas)
        draw.addSeparator()
        add_button(draw, "&Go to encoder's mean", panel.take, "G")
        add_button(draw, "Go to m&ode", panel.take_mode, "Shift+G")

    def _fit(self, picture: Bytes | Path) -> None:
        job = fit_steps(self._explorer, picture)
        self._shell.message.hide_error()
        if job is not None:
            self._explorer.worker.request("fit picture", Priority.DRAWING, job, self._on_fitted)

    def _on_fitted(self, fitted: Fitted) -> None:
        if fitted.problem:
            expected = "expected visible lines or shapes; use a picture with more contrast, or a closer one"
            self._explorer.failed.emit(ImageError(f"found a picture in which {fitted.problem}, {expected}"))
        empty = blank(self._surface.shape, self._surface)
        drawing = empty if fitted.problem else replace(empty, pixels=fitted.pixels)
        self._goes_to = None if fitted.problem else drawing
        self.panel.canvas.set_drawing(drawing, "opening a picture")
        self.panel.show_steps(fitted, self._explorer.look.levels == 2)
        self._shell.panel.reveal(self.panel)

    def _on_opened(self) -> None:
        image_shape = self._explorer.image_shape
        assert image_shape is not None
        self._goes_to = None
        self.panel.show_steps(None)
        self._show_notes()
        has_true = has_true_posterior(self._explorer)
        can_encode = self._explorer.has_encoder or has_true
        self.panel.show_parts(self._ever_has_encoder, has_true)
        self._shell.panel.set_image_shape(*image_shape[1:])
        self._shell.panel.show_canvas("Your image" if can_encode else "")
        words = invitation(self._explorer.source, self._explorer.look)
        is_like_mnist = words == DRAW_A_DIGIT and image_shape == MNIST_SHAPE
        self.panel.canvas.setToolTip(MNIST_TIP if is_like_mnist else "")
        self.panel.canvas.set_invitation(words)
        surface_before = self._surface
        colors = self._look_at_data(image_shape)
        if np.array_equal(surface_before, self._surface) and colors == self._colors:
            self._on_drawn()
            return
        self._colors = colors
        color = contrasting(tuple(self._surface.mean(axis=(1, 2)).tolist()))
        self.panel.set_data(
            image_shape, colors, color if colors else (1 - round(float(self._surface.mean())),)
        )
        self.panel.canvas.set_drawing(blank(image_shape, self._surface))

    def _look_at_data(self, image_shape: tuple[int, int, int]) -> tuple[Color, ...]:
        """Set the background to draw on, and return the colours to draw with."""
        look, whole = self._explorer.look, self._explorer.whole
        posterior = None if whole is None else whole.posterior
        images = None if posterior is None else some_images(posterior)
        self._surface = surface(look, images, image_shape)
        return palette(look, images, image_shape[0])

    def _on_model(self) -> None:
        """Encode with another epoch's encoder, if there is one."""
        self._show_notes()
        self.encode()

    def _show_notes(self) -> None:
        why = NO_ENCODER_OF_EPOCH if self._ever_has_encoder else NO_ENCODER
        notes = [why] * (not self._explorer.has_encoder)
        notes += filter(None, [_about(self._explorer.likelihood)])
        self.panel.note.setText("\n".join(notes))
        self.panel.note.setVisible(bool(notes))

    @property
    def _ever_has_encoder(self) -> bool:
        """Whether the model has an encoder for any of its epochs."""
        whole = self._explorer.whole
        return self._explorer.has_encoder or (whole is not None and whole.model.has_encoder)

    def _on_drawn(self) -> None:
        if self.drawing is not self._goes_to:
            self._goes_to = None
        set_usable(self.panel.clear, NOTHING_DRAWN if self.drawing.is_empty else "")
        set_usable(self.panel.take, self._why_no_mean())
        if not self.drawing.is_empty:
            self._shell.panel.sections.section("image").set_open(True)
        self.encode()
        self._tell()
        self.changed.emit(self.encoded)

    def _tell(self) -> None:
        drawing = self.drawing
        self.drawn.emit(None if drawing.is_empty else SavedDrawing(drawing.pixels, drawing.known))

    def _show(self, encoded: Encoded | None) -> None:
        self.encoded = encoded
        panel = self.panel
        set_usable(panel.take, self._why_no_mean())
        for name in ("elbo", "rate", "distortion"):
            panel.set_figure(name, None if encoded is None else getattr(encoded, f"{name}_nats"))
        panel.show_error(None if encoded is None else encoded.error_nats)
        elbo, likelihood = None if encoded is None else encoded.elbo_nats, self._explorer.likelihood
        bits = None if elbo is None else bits_of(self._explorer, elbo)
        panel.show_bits(likelihood is not None and likelihood.counts_bits, bits)
        pixels = None if encoded is None else to_bytes(encoded.reconstruction[None])[0]
        self._reconstruction = None if pixels is None else to_qimage(pixels)
        self._show_reconstruction()
        self.marks.show(encoded)
        if encoded is None:
            self._goes_to = None
        elif self._goes_to is not None and np.array_equal(
            encoded.x, network_input(self._explorer, self._goes_to)
        ):
            self._goes_to = None
            before = self._explorer.state
            after = before.moved_to(Vector(encoded.mean))
            self._explorer.set_state(after, record=False)
            self.moved.emit(before, after)
        self.changed.emit(encoded)

    def _why_no_mean(self) -> str:
        """Why one cannot go to the encoder's mean; empty if one can."""
        if self.encoded is not None:
            return ""
        if not self._explorer.has_encoder:
            return NO_ENCODER
        return NOTHING_DRAWN if self.drawing.is_empty else "Your image is being encoded."

    def _on_failed(self, error: Exception) -> None:
        self._goes_to = None
        self._explorer.failed.emit(error)

    def _go_to_mean(self) -> None:
        encoded = self.encoded
        if encoded is not None:
            state = self._explorer.state.moved_to(Vector(encoded.mean))
            normals = project_normals(state.plane, encoded.mean[None], encoded.logvar[None])
            outline = ellipse(normals, 0, 2)
            self._explorer.set_state(closer_to(state, outline, state.cursor_ab, self._shell.plane.size_px()))

    def _clear(self) -> None:
        self.panel.show_steps(None)
        if not self.drawing.is_empty:
            self.panel.canvas.set_drawing(blank(self._surface.shape, self._surface), "clearing the drawing")

    def _choose(self) -> None:
        kinds = f"Pictures (*{' *'.join(SUFFIXES)});;All files (*)"
        chosen, _ = QFileDialog.getOpenFileName(self._shell.window, "Open an image", "", kinds)
        if chosen:
            self.open_file(Path(chosen))


def _about(likelihood: Likelihood | None) -> str:
    """A note on what the figures mean; empty if they need none."""
    if likelihood is None:
        return NO_LIKELIHOOD
    if likelihood.is_density:
        return DENSITY.format(likelihood.family.words)
    is_grey = likelihood.family is Family.BERNOULLI and likelihood.levels != 2
    return GREY_BERNOULLI if is_grey else ""
