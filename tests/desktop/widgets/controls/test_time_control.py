"""The time bar in the window, by mouse and keys, and bundles that grow."""

import shutil
import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel

from desktop.images.pixels import to_bytes
from desktop.view.state import Layer
from desktop.widgets.controls.plane_content import OUTDATED_PLANE
from tests.waiting import SOON_MS, SOON_S


@pytest.fixture
def shows(qtbot, gray, same_picture):
    """`shows(window, film, epoch)` waits until picture, points and slider are those of an epoch."""

    def wait(window, film, epoch: int) -> None:
        def is_shown() -> None:
            expected = to_bytes(film.decode(epoch, [window.explorer.state.z]))[0]
            image = window.panel.picture.picture.image()
            assert image is not None
            assert same_picture(gray(image), expected)
            assert window.time_control.bar.slider.value() == epoch
            assert window.time_control.bar.label.text().startswith(f"epoch {epoch} / ")

        qtbot.waitUntil(is_shown, timeout=SOON_MS)

    return wait


def status_text(window) -> str:
    """The text of the status bar."""
    return "; ".join(label.text() for label in window.statusBar().findChildren(QLabel))


def place(bar, index: int) -> QPoint:
    """Where an epoch is on the slider."""
    return QPoint(round(bar.slider.x_of(index)), bar.slider.height() // 2)


def points_on_screen(window, film, epoch: int, pixels) -> float:
    """The share of an epoch's means that have a coloured point on the screen."""
    state, plane = window.explorer.state, window.plane
    image = pixels(plane.grab().toImage()).astype(int)
    px = state.viewport.to_px(plane.size_px(), film.posterior(epoch).mean)
    x, y = np.rint(px).astype(int).T
    inside = (x > 60) & (x < plane.width() - 10) & (y > 10) & (y < plane.height() - 40)
    colors = image[y[inside], x[inside], :3]
    return float((colors.max(axis=1) - colors.min(axis=1) > 40).mean())


def test_the_bar_is_there_for_bundles_with_epochs(open_window, make_film, make_bundle, qtbot):
    """A bundle with epochs has the bar below the plane, at the last epoch; another has none."""
    window = open_window(make_film(3).path)
    bar = window.time_control.bar
    assert bar.isVisible()
    assert (
        bar.mapTo(window, QPoint(0, 0)).y()
        >= window.plane.mapTo(window, window.plane.rect().bottomLeft()).y()
    )
    assert (bar.slider.maximum(), bar.slider.value()) == (3, 3)
    qtbot.keyClick(window.plane, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.tabs.key() == "samples"
    assert bar.isVisible(), "the bar belongs to each page"
    qtbot.mouseClick(bar.slider, Qt.MouseButton.LeftButton, pos=place(bar, 0))
    qtbot.waitUntil(lambda: "film, 2 latent dimensions, epoch 0 of 3" in status_text(window), timeout=SOON_MS)
    qtbot.mouseClick(bar.slider, Qt.MouseButton.LeftButton, pos=place(bar, 3))
    qtbot.waitUntil(lambda: "epoch" not in status_text(window), timeout=SOON_MS)
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(make_bundle())
    assert not bar.isVisible()
    qtbot.keyClick(window.plane, Qt.Key.Key_BracketLeft)
    assert window.explorer.state.epoch is None


def test_the_slider_travels_in_time(open_window, make_film, qtbot, shows, pixels):
    """A click on an epoch: picture, plane and points are that epoch's; the cursor keeps its z."""
    film = make_film(3)
    window = open_window(film.path)
    window.explorer.change(z=(1.25, -0.5))
    shows(window, film, 3)
    viewport = window.explorer.state.viewport
    last = pixels(window.plane.grab().toImage())
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        qtbot.mouseClick(
            window.time_control.bar.slider, Qt.MouseButton.LeftButton, pos=place(window.time_control.bar, 0)
        )
    shows(window, film, 0)
    assert window.explorer.state.z == (1.25, -0.5)
    assert window.explorer.state.viewport == viewport
    assert (pixels(window.plane.grab().toImage()) != last).any(axis=-1).mean() > 0.3
    assert points_on_screen(window, film, 0, pixels) > 0.7
    assert points_on_screen(window, film, 3, pixels) < 0.6


def test_keys_travel_in_time(open_window, make_film, qtbot, shows):
    """[ and ] go to the epoch before and after, up to the ends, wherever the focus is on the plane."""
    film = make_film(2)
    window = open_window(film.path)
    for key, epoch in (("[", 1), ("[", 0), ("[", 0), ("]", 1), ("]", 2), ("]", 2)):
        qtbot.keyClick(window.plane, key)
        shows(window, film, epoch)
    assert window.explorer.state.epoch is None


def test_playing_shows_each_epoch_in_turn(open_window, make_film, qtbot, shows):
    """E plays from the first epoch to the last no faster than was chosen, and stops there."""
    film = make_film(4)
    window = open_window(film.path)
    bar = window.time_control.bar
    bar.speed.setValue(10)
    timeline, clock = window.time_control.timeline, window.time_control._clock
    seen: list[int] = []
    at_ticks: list[int] = []
    window.explorer.state_changed.connect(lambda: seen.append(timeline.index))
    clock.timeout.connect(lambda: at_ticks.append(timeline.index))
    qtbot.keyClick(window.plane, "e")
    assert bar.play.toolTip() == "Pause the epochs (E)"
    qtbot.waitUntil(lambda: bar.play.toolTip() == "Play the epochs (E)", timeout=SOON_MS)
    assert seen == [0, 1, 2, 3, 4]
    shows(window, film, 4)
    # There is at most one tick every tenth of a second, and at most one more epoch per tick.
    assert clock.interval() == 100
    assert max(np.diff([0, *at_ticks])) == 1


def test_playing_stops_when_something_else_is_wanted(open_window, make_film, qtbot):
    """The button and the slider pause; playing continues from the slider's epoch."""
    window = open_window(make_film(5).path)
    bar, timeline = window.time_control.bar, window.time_control.timeline
    bar.speed.setValue(20)

    def pause_at_two() -> None:
        if timeline.index == 2 and bar.play.toolTip() == "Pause the epochs (E)":
            qtbot.mouseClick(bar.play, Qt.MouseButton.LeftButton)

    window.explorer.state_changed.connect(pause_at_two)
    with qtbot.waitSignal(window.explorer.state_changed, timeout=SOON_MS):
        qtbot.mouseClick(bar.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bar.play.toolTip() == "Play the epochs (E)", timeout=SOON_MS)
    window.explorer.state_changed.disconnect(pause_at_two)
    paused = timeline.index
    assert paused == 2
    qtbot.wait(200)
    assert timeline.index == paused
    qtbot.mouseClick(bar.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: timeline.index > paused, timeout=SOON_MS)
    qtbot.mouseClick(bar.slider, Qt.MouseButton.LeftButton, pos=place(bar, 1))
    qtbot.wait(200)
    assert timeline.index == 1
    assert bar.play.toolTip() == "Play the epochs (E)"


def test_the_open_bundle_is_followed(open_window, make_film, qtbot, shows, pixels):
    """When the bundle grows, plane, points and picture go to the new epoch, and the slider gains a tick.

    The cursor and the part in view stay, and only the status bar says something.
    """
    film = make_film(1)
    window = open_window(film.path)
    # Leave the view of all test images, because that view would follow them.
    viewport = window.explorer.state.viewport.zoomed(0.98, (0.0, 0.0))
    window.explorer.change(z=(1.25, -0.5), path=((0.0, 0.0), (1.0, 1.0)), viewport=viewport)
    shows(window, film, 1)
    before = window.explorer.state
    for last in (2, 3):
        with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
            film.write(last)
        shows(window, film, last)
        assert window.time_control.bar.slider.maximum() == last
        assert points_on_screen(window, film, last, pixels) > 0.8
        assert window.statusBar().currentMessage() == (
            f"the bundle has grown: epoch {last} of {last}: test ELBO −{200 - 10 * last}.00 nats"
        )
    assert window.explorer.state == before
    assert not window.message.isVisible()


def test_the_window_says_that_a_followed_fit_has_stopped(open_window, make_film, qtbot):
    """The message stays until the fit goes on."""
    film = make_film(1)
    window = open_window(film.path)
    words = "The fit was interrupted after epoch 1 of 9."
    film.write(1, stopped={"after_epoch": 1, "by": "interruption"}, fit={"epochs": 9})
    qtbot.waitUntil(window.message.isVisible, timeout=SOON_MS)
    assert window.message.text() == words
    film.write(2, fit={"epochs": 9})
    qtbot.waitUntil(window.message.isHidden, timeout=SOON_MS)
    assert window.statusBar().currentMessage().startswith("the bundle has grown: epoch 2 of 9")


def test_who_looks_at_an_epoch_stays_there(open_window, make_film, qtbot, shows):
    """While an earlier epoch is shown, growth gives the slider a tick and changes nothing else."""
    film = make_film(2)
    window = open_window(film.path)
    qtbot.keyClick(window.plane, "[")
    shows(window, film, 1)
    changed: list[None] = []
    window.explorer.model_changed.connect(lambda: changed.append(None))
    film.write(3)
    bar = window.time_control.bar
    qtbot.waitUntil(lambda: bar.slider.maximum() == 3, timeout=SOON_MS)
    shows(window, film, 1)
    assert changed == []
    for epoch in (2, 3):
        qtbot.keyClick(window.plane, "]")
        shows(window, film, epoch)


def test_the_plane_is_never_blank_while_it_is_played(open_window, make_film, qtbot, pixels):
    """From one epoch to the next the old plane stays until the new one is there: nothing flickers."""
    window = open_window(make_film(3).path)
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        window.explorer.change(
            layers=frozenset({Layer.BACKDROP}), viewport=window.explorer.state.viewport.panned(0.1, 0)
        )
    inside = np.s_[10:-40, 60:-10]
    shares: list[float] = []

    def look() -> None:
        image = pixels(window.plane.grab().toImage())[inside]
        shares.append(float((image[..., :3].max(axis=-1) > 40).mean()))

    look()
    window.explorer.tiles.decoded.connect(look)
    window.explorer.tiles.shown_changed.connect(look)
    window.explorer.model_changed.connect(look)
    qtbot.keyClick(window.plane, "[")
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        pass
    qtbot.keyClick(window.plane, "[")
    with qtbot.waitSignal(window.explorer.backdrop_finished, timeout=SOON_MS):
        pass
    look()
    assert len(shares) >= 5
    assert min(shares) > 0.5 * max(shares)


def test_a_plane_of_another_epoch_is_marked_until_its_own_is_there(open_window, make_film, qtbot):
    """While the new plane is being decoded, the old one says that it is old."""
    window = open_window(make_film(3).path)
    assert window.plane.outdated_note == ""
    window.explorer.tiles.set_paused(True)
    qtbot.keyClick(window.plane, "[")
    qtbot.waitUntil(lambda: window.plane.outdated_note == OUTDATED_PLANE, timeout=SOON_MS)
    window.explorer.tiles.set_paused(False)
    qtbot.waitUntil(lambda: window.plane.outdated_note == "", timeout=SOON_MS)
    assert window.explorer.tiles.is_shown_current


def test_reload_by_hand(open_window, make_bundle, decoder_graph, qtbot, gray, same_picture, plain_decoder):
    """F5 opens the file as it is on the disk now, a bare decoder too, and the view stays."""
    path = make_bundle().joinpath("decoder.onnx")
    bare = path.parent.with_name("bare.onnx")
    bare.write_bytes(decoder_graph(2, (1, 12, 12), 5))
    window = open_window(bare)
    window.message.hide()
    window.explorer.change(z=(0.5, 0.25))
    bare.write_bytes(path.read_bytes())
    with qtbot.waitSignal(window.explorer.renewed, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_F5)
    expected = to_bytes(plain_decoder(path.parent)([(0.5, 0.25)]))[0]
    qtbot.waitUntil(
        lambda: same_picture(gray(window.panel.picture.picture.image()), expected), timeout=SOON_MS
    )
    assert window.explorer.state.z == (0.5, 0.25)
    bare.unlink()
    with qtbot.waitSignal(window.explorer.open_failed, timeout=SOON_MS):
        qtbot.keyClick(window.plane, Qt.Key.Key_F5)
    assert window.message.isVisible()
    assert str(bare) in window.message.text()


@pytest.mark.slow
def test_a_real_run_is_followed_from_its_first_weights(
    open_window, run_folder, small_mnist, tmp_path, qtbot, gray, same_picture, plain_decoder
):
    """A run is exported while it is fitted; the viewer has its bundle open and shows each epoch by itself."""
    from export.exporter import Exporter
    from export.follow import follow_run
    from training.runs import add_epoch, read_run, read_started_run

    finished, folder, out = read_run(run_folder), tmp_path / "run", tmp_path / "bundle"
    folder.mkdir()
    (folder / "weights").mkdir()

    def take(name: str) -> None:
        shutil.copy(run_folder / name, folder / name)

    take("config.json")
    take("weights/epoch-000.safetensors")
    run = read_started_run(folder)
    exporter = Exporter(run.config, "Followed", small_mnist)
    written = threading.Event()
    exporting = threading.Thread(
        target=follow_run, args=(run, out, exporter, False, [], lambda *_: written.set())
    )
    exporting.start()
    assert written.wait(SOON_S)
    window = open_window(out)
    bar = window.time_control.bar
    assert not bar.isVisible()
    for epoch in (1, 2):
        take(f"weights/epoch-{epoch:03d}.safetensors")
        add_epoch(read_started_run(folder), finished.metrics[epoch - 1])
        qtbot.waitUntil(lambda epoch=epoch: bar.slider.maximum() == epoch, timeout=SOON_MS)
        assert bar.isVisible()
        elbo = finished.metrics[epoch - 1]["test_elbo_nats"]
        assert bar.label.text() == f"epoch {epoch} / 2  {elbo:.2f} nats".replace("-", "−")
    exporting.join()
    expected = to_bytes(plain_decoder(out)([window.explorer.state.z]))[0]
    qtbot.waitUntil(
        lambda: same_picture(gray(window.panel.picture.picture.image()), expected), timeout=SOON_MS
    )
    assert not window.message.isVisible()
