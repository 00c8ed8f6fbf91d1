"""Fixtures that the tests of the widgets share: the wheel, file dialogs, and the pixels on the screen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from desktop.images.pixels import to_bytes
from desktop.latent.plane import Viewport
from tests.desktop.foreign_models import decoder
from tests.waiting import SOON_MS


@pytest.fixture(scope="session")
def turn_wheel() -> Callable[..., bool]:
    """`turn_wheel(widget, point, notches)`: turn the wheel over a point; away from the hand is positive.

    It returns whether the widget took it; from a person's hand, Qt passes it on to the parent if not.
    """

    def turn(widget: QWidget, point: QPoint, notches: float) -> bool:
        position = QPointF(point)
        event = QWheelEvent(
            position,
            widget.mapToGlobal(position),
            QPoint(),
            QPoint(0, round(120 * notches)),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)
        return event.isAccepted()

    return turn


@pytest.fixture
def on_screen(qtbot: Any) -> Callable[[QWidget], QImage]:
    """`on_screen(widget)`: the pixels of a widget on the screen now, without painting it again."""

    def read(widget: QWidget) -> QImage:
        # The plane draws its layers in several steps.
        qtbot.waitUntil(lambda: getattr(widget, "is_settled", True), timeout=SOON_MS)
        # Painting is scheduled; two rounds of the event loop carry it out.
        qtbot.wait(30)
        window = widget.window()
        corner = widget.mapTo(window, QPoint(0, 0))
        grabbed = window.screen().grabWindow(
            window.winId(), corner.x(), corner.y(), widget.width(), widget.height()
        )
        return grabbed.toImage()

    return read


@pytest.fixture
def home_window(open_window, bundle_path, qtbot):
    """The window with the real bundle, looking at (−3, −3) to (3, 3) with its backdrop decoded.

    The cursor is in the middle.
    """
    window = open_window()
    # The first view is not used, so it need not be decoded.
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(bundle_path)
    window.explorer.set_state(window.explorer.state.at((0.0, 0.0)), record=False)
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        window.explorer.change(viewport=Viewport((0.0, 0.0), 6.0))
    return window


@pytest.fixture
def decoded(plain_decoder, bundle_path):
    """`decoded(z)`: the picture at z by a plain session, uint8 [28, 28]."""
    decode = plain_decoder(bundle_path)
    return lambda z: to_bytes(decode([z]))[0]


@pytest.fixture
def first(make_bundle, labelled_posterior):
    """A small bundle with points of three labels."""
    return make_bundle(name="first", posterior=labelled_posterior, labels=("a", "b", "c"))


@pytest.fixture
def window(open_window, first):
    """The window with that bundle open."""
    return open_window(first)


@pytest.fixture
def bare_window(open_window, tmp_path):
    """A window with an open bare decoder of logits."""
    return open_window(decoder(tmp_path / "model.onnx", last="", scale=5.0))


@pytest.fixture
def decoded_first(plain_decoder, first):
    """`decoded_first(z)`: pictures at z [N, 2] by a plain session, uint8 [N, 12, 12]."""
    decode = plain_decoder(first)
    return lambda z: to_bytes(decode(z))


@pytest.fixture
def shows(home_window, gray, same_picture):
    """`shows(picture)`: whether the panel shows it."""
    return lambda picture: same_picture(gray(home_window.panel.picture.picture.image()), picture)


@pytest.fixture
def themed(qapp):
    """The application; its palette and style sheet are restored after the test."""
    style, palette, sheet = qapp.style().name(), qapp.palette(), qapp.styleSheet()
    yield qapp
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)
    qapp.setStyle(style)


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path | None], list[tuple[str, str, str]]]:
    """`answer(path)`: choose this path in the next file dialogs; the returned list holds their questions."""
    asked: list[tuple[str, str, str]] = []

    def choose(path: Path | None) -> list[tuple[str, str, str]]:
        def dialog(_parent: object, title: str, name: str, kind: str) -> tuple[str, str]:
            asked.append((title, name, kind))
            return ("" if path is None else str(path), kind)

        monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(dialog))
        monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(dialog))
        return asked

    return choose
