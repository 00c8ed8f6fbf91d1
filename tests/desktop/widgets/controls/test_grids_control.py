"""The pages of pictures in the window: samples, manifold, reconstructions and traversals."""

import imageio.v3 as imageio
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from desktop.images.pixels import tile, to_bytes
from desktop.latent.plane import manifold_grid, sample_prior
from desktop.models.epochs import epochs_of, load_epoch
from desktop.widgets.common.commands import command_of
from desktop.widgets.common.saved_inputs import saved_for, saved_values
from desktop.widgets.controls.grids_control import (
    AT_EVEN_STEPS,
    AT_QUANTILES,
    BY_NUMBER,
    BY_RATE,
    COMPARING,
    NO_IMAGES,
    TO_COMPARE,
)
from desktop.widgets.panels.grid_page import MAX_SEED
from export.bundle import Posterior
from tests.desktop.foreign_models import decoder
from tests.waiting import SOON_MS

LEFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(open_window, make_bundle):
    """A window with a model of three dimensions and forty test images, the second dimension unused."""
    draw = np.random.default_rng(0)
    mean = (draw.normal(size=(40, 3)) * [1, 0.01, 2]).astype(np.float32)
    images = (draw.random((40, 1, 12, 12)) < 0.5).astype(np.uint8)
    posterior = Posterior(mean, np.full_like(mean, -1), images, np.zeros(40, np.uint8))
    return open_window(make_bundle(latent_dim=3, posterior=posterior, labels=("a",)))


def open_page(window, qtbot, key):
    with qtbot.waitSignal(window.grids.sheet_shown, timeout=SOON_MS):
        qtbot.keyClick(window.plane, key, CONTROL)


def test_reconstructions_are_ordered_as_chosen(window, qtbot):
    """Worst first, or best first, which is the same list reversed; a click goes to the image's mean."""
    grids = window.grids
    open_page(window, qtbot, Qt.Key.Key_4)
    page = grids.reconstructions
    assert page.isVisible()
    assert page.view.hasFocus(), "so that the window's keys work here too"
    worst = page.sheet.z
    assert len(worst) == 40
    with qtbot.waitSignal(grids.sheet_shown, timeout=SOON_MS):
        grids.order.setFocus()
        qtbot.keyClick(grids.order, Qt.Key.Key_Down)
    assert (page.sheet.z == worst[::-1]).all()
    page.cell_clicked.emit(3)
    assert window.explorer.state.z == pytest.approx(page.sheet.z[3])
    qtbot.waitUntil(lambda: not any("by one draw" in text for text in page.sheet.captions), timeout=SOON_MS)
    assert (page.sheet.z == worst[::-1]).all(), "only the captions are others"


@pytest.mark.usefixtures("all_are_slow")
def test_the_page_says_what_its_button_does(window, qtbot, monkeypatch):
    """It says that images are compared only after the click; with the pictures, its usual hint returns."""
    page = window.grids.reconstructions
    hint, notes, set_sheet = page.note(), [], page.set_sheet

    def heard(sheet, note=""):
        notes.append(note)
        set_sheet(sheet, note)

    monkeypatch.setattr(page, "set_sheet", heard)
    window.explorer.model.picture_s = 5.0
    qtbot.keyClick(window.plane, Qt.Key.Key_4, CONTROL)
    qtbot.waitUntil(lambda: page.cost.button.text() == "Decode", timeout=SOON_MS)
    assert page.note() == TO_COMPARE
    assert COMPARING not in notes
    with qtbot.waitSignal(window.grids.sheet_shown, timeout=SOON_MS):
        qtbot.mouseClick(page.cost.button, LEFT)
    assert page.note() == hint


def test_without_held_out_images_the_page_says_so(open_window, make_bundle, qtbot):
    """The page says why it is empty, and nothing can be saved."""
    window = open_window(make_bundle())
    qtbot.keyClick(window.plane, Qt.Key.Key_4, CONTROL)
    assert window.grids.reconstructions.note() == NO_IMAGES
    assert not window.grids.reconstructions.save.isEnabled()


def test_a_page_says_which_of_its_kinds_it_shows(open_window, tmp_path, qtbot):
    """A bare decoder of many dimensions has pictures around samples, and rows by number."""
    window = open_window(decoder(tmp_path / "model.onnx", latent_dim=20))
    open_page(window, qtbot, Qt.Key.Key_3)
    assert window.grids.manifold.note() == AT_EVEN_STEPS
    window.explorer.state = window.explorer.state.with_axes(0, 1)
    open_page(window, qtbot, Qt.Key.Key_5)
    assert window.grids.traversals.note() == BY_NUMBER
    open_page(window, qtbot, Qt.Key.Key_3)
    assert window.grids.manifold.note() == AT_QUANTILES


def test_traversals_follow_the_cursor_most_used_dimension_first(window, qtbot, tmp_path, monkeypatch):
    """One row per dimension, by rate; they are decoded again when the cursor moves, and saved with titles."""
    open_page(window, qtbot, Qt.Key.Key_5)
    page = window.grids.traversals
    assert page.note() == BY_RATE
    assert window.grids.dimensions_n.value() == 3, "the default of ten is limited to the model's three"
    assert saved_values(window)["traversals.dimensions"] == 10, "the ten are saved for other models"
    assert saved_for(window, "traversals")["dimensions"] == 3
    window.grids._limit_dimensions(512)
    assert window.grids.dimensions_n.value() == 10
    window.grids._limit_dimensions(3)
    assert [text.split(" ")[0] for text in page.sheet.captions[::11]] == ["z2", "z0", "z1"]
    with qtbot.waitSignal(window.grids.sheet_shown, timeout=SOON_MS):
        window.explorer.set_state(window.explorer.state.moved_to((0.5, 1.0, -1.0)))
    assert (page.sheet.z.reshape(3, 11, 3)[0, :, :2] == np.float32([0.5, 1.0])).all()
    expected = to_bytes(window.explorer.model.decode(page.sheet.z[:1]))[0]
    assert (page.sheet.picture[:12, :12] == expected).all()

    out = tmp_path / "a.png"
    monkeypatch.setattr("desktop.widgets.controls.grids_control.ask_save_path", lambda *_: out)
    page.scale.setValue(3)
    shapes = []
    for _ in range(2):
        with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS):
            qtbot.mouseClick(page.save, LEFT)
        shapes.append(imageio.imread(out).shape)
        page.titles.click()
    assert shapes[1] == (3 * 36, 3 * 132), "the bare sheet"
    assert shapes[0] > shapes[1] and shapes[0][1] > shapes[1][1]


def test_the_menu_saves_a_sheet_of_now(window, qtbot, tmp_path, monkeypatch):
    """A page behind another one is decoded at the cursor as it is now, before it is saved."""
    open_page(window, qtbot, Qt.Key.Key_5)
    page, out = window.grids.traversals, tmp_path / "a.png"
    before = page.sheet
    qtbot.keyClick(page, Qt.Key.Key_1, CONTROL)
    window.explorer.set_state(window.explorer.state.moved_to((0.5, 1.0, -1.0)))
    monkeypatch.setattr("desktop.widgets.controls.grids_control.ask_save_path", lambda *_: out)
    page.titles.setChecked(False)
    page.scale.setValue(1)
    with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS):
        command_of(page.save).trigger()
    assert page.isVisible()
    assert page.sheet is not before
    assert (page.sheet.z.reshape(3, 11, 3)[0, :, :2] == np.float32([0.5, 1.0])).all()
    assert (imageio.imread(out) == page.sheet.picture).all()


def test_a_sheet_is_saved_by_the_model_of_the_moment_of_asking(
    open_window, make_film, qtbot, tmp_path, monkeypatch
):
    """A reduced sheet is decoded again for its file, by that model, whatever epoch follows meanwhile."""
    window = open_window(make_film(2).path)
    explorer, page, out = window.explorer, window.grids.samples, tmp_path / "a.png"
    monkeypatch.setattr("desktop.app.pages.SHOWN_SIDE_PX", 40)
    window.grids.samples_n.setValue(4)
    open_page(window, qtbot, Qt.Key.Key_2)
    assert page.sheet.is_reduced
    expected = tile(to_bytes(explorer.model.decode(page.sheet.z)), 4)

    def ask(*_):
        explorer.take_over(load_epoch(explorer.whole, epochs_of(explorer.source)[0], "cpu"))
        return out

    monkeypatch.setattr("desktop.widgets.controls.grids_control.ask_save_path", ask)
    page.scale.setValue(1)
    with qtbot.waitSignal(explorer.saved, timeout=SOON_MS):
        qtbot.mouseClick(page.save, LEFT)
    assert (imageio.imread(out) == expected).all()


def test_after_the_last_seed_comes_a_first_one(window, qtbot):
    """Resampling never gets stuck at the largest seed."""
    open_page(window, qtbot, Qt.Key.Key_2)
    with qtbot.waitSignal(window.grids.sheet_shown, timeout=SOON_MS):
        window.grids.seed.setValue(MAX_SEED)
    with qtbot.waitSignal(window.grids.sheet_shown, timeout=SOON_MS):
        qtbot.mouseClick(window.grids.resample, LEFT)
    assert window.grids.seed.value() < MAX_SEED


def test_a_saved_sheet_brings_its_page_back(window, qtbot, tmp_path, monkeypatch):
    """When it is dropped on the window, the page appears with the same seed and size."""
    grids = window.grids
    open_page(window, qtbot, Qt.Key.Key_2)
    for control, value in ((grids.samples_n, 3), (grids.seed, 17)):
        with qtbot.waitSignal(grids.sheet_shown, timeout=SOON_MS):
            control.setValue(value)
    shown = grids.samples.sheet.picture
    monkeypatch.setattr(
        "desktop.widgets.controls.grids_control.ask_save_path", lambda *_: tmp_path / "samples.png"
    )
    with qtbot.waitSignal(window.explorer.saved, timeout=SOON_MS):
        qtbot.mouseClick(grids.samples.save, LEFT)
    with qtbot.waitSignal(grids.sheet_shown, timeout=SOON_MS):
        grids.seed.setValue(1)
    qtbot.keyClick(window.tabs.currentWidget(), Qt.Key.Key_1, CONTROL)
    with qtbot.waitSignal(grids.sheet_shown, timeout=SOON_MS):
        window.files.open(tmp_path / "samples.png")
    assert grids.samples.isVisible()
    assert (grids.samples_n.value(), grids.seed.value()) == (3, 17)
    assert (grids.samples.sheet.picture == shown).all()


@pytest.fixture
def sheets(home_window):
    """The pages whose sheets have arrived."""
    arrived = []
    home_window.grids.sheet_shown.connect(arrived.append)
    return arrived


def test_samples_are_shown_resampled_and_repeat(
    home_window, qtbot, sheets, gray, plain_decoder, bundle_path, same_picture
):
    """Ctrl+2 shows samples of seed 0; another seed or count gives others, and seed 0 the first ones again."""
    page = home_window.grids.samples

    def wait_for(count):
        qtbot.waitUntil(lambda: len(sheets) == count, timeout=SOON_MS)
        return gray(page.view.image())

    qtbot.keyClick(home_window.plane, Qt.Key.Key_2, CONTROL)
    assert page.isVisible()
    first = wait_for(1)
    expected = tile(to_bytes(plain_decoder(bundle_path)(sample_prior(64, 2, 0))), 8)
    assert same_picture(first, expected)
    qtbot.mouseClick(home_window.grids.resample, LEFT)
    second = wait_for(2)
    assert home_window.grids.seed.value() == 1
    assert (second != first).any()
    home_window.grids.seed.selectAll()
    qtbot.keyClicks(home_window.grids.seed, "0")
    qtbot.keyClick(home_window.grids.seed, Qt.Key.Key_Return)
    assert (wait_for(3) == first).all()
    qtbot.keyClick(home_window.grids.samples_n, Qt.Key.Key_Up)
    assert wait_for(4).shape == (9 * 28, 9 * 28)


def test_a_click_on_a_sample_goes_to_its_z(home_window, qtbot, sheets, decoded, shows):
    """The picture that was clicked is the one that the panel then shows."""
    qtbot.keyClick(home_window.plane, Qt.Key.Key_2, CONTROL)
    qtbot.waitUntil(lambda: len(sheets) == 1, timeout=SOON_MS)
    view = home_window.grids.samples.view
    side = min(view.width(), view.height())
    left, top = (view.width() - side) / 2, (view.height() - side) / 2
    point = QPoint(round(left + 5.5 * side / 8), round(top + 2.5 * side / 8))
    qtbot.mouseClick(view, LEFT, pos=point)
    z = sample_prior(64, 2, 0)[2 * 8 + 5]
    assert home_window.explorer.state.z == pytest.approx(z)
    qtbot.waitUntil(lambda: shows(decoded(z)), timeout=SOON_MS)


def test_the_manifold_grid_is_twenty_by_twenty(
    home_window, qtbot, sheets, gray, plain_decoder, bundle_path, same_picture
):
    """Ctrl+3 shows the pictures at the prior's quantiles, the highest row first."""
    qtbot.keyClick(home_window.plane, Qt.Key.Key_3, CONTROL)
    qtbot.waitUntil(lambda: len(sheets) == 1, timeout=SOON_MS)
    z = manifold_grid(home_window.explorer.state.plane, 20)
    expected = tile(to_bytes(plain_decoder(bundle_path)(z)), 20)
    assert same_picture(gray(home_window.grids.manifold.view.image()), expected)
    qtbot.keyClick(home_window.grids.manifold.view, Qt.Key.Key_1, CONTROL)
    assert home_window.plane.isVisible()
