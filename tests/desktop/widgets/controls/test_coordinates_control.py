"""The section z shows sliders or maps, as the decoder takes z, and moves the cursor."""

import pytest
from PySide6.QtCore import QPoint, Qt

from desktop.models.open_source import open_source
from desktop.widgets.controls.coordinates_control import maps_in
from tests.desktop.foreign_models import decoder
from tests.waiting import SOON_MS

LEFT = Qt.MouseButton.LeftButton


@pytest.mark.parametrize(
    ("sizes", "layout", "shape"),
    [
        ([4, 5, 5], "NCHW", (4, 5, 5, False)),
        ([5, 6, 4], "NHWC", (4, 5, 6, True)),
        ([4, 4, 4], "NCHW", None),
        ([100, 1, 1], "NCHW", None),
        ([100], "NCHW", None),
    ],
)
def test_maps_are_told_from_vectors_by_the_reading(tmp_path, sizes, layout, shape):
    """Channels are last where the decoder's pictures have them last."""
    count = 1
    for size in sizes:
        count *= size
    path = decoder(tmp_path / "decoder.onnx", layout, latent_dim=count, z_shape=["N", *sizes])
    found = maps_in(open_source(path))
    assert (found and (found.channels, found.height, found.width, found.is_channel_last)) == shape


def test_painting_moves_the_cursor_in_one_step(tmp_path, open_window, qtbot):
    """The picture follows, also off the plane; undo takes the stroke back, also on the maps."""
    path = decoder(tmp_path / "decoder.onnx", latent_dim=100, z_shape=["N", 4, 5, 5])
    window = open_window(path)
    explorer, panel = window.explorer, window.coordinates.panel
    window.panel.show_section(panel)
    maps = panel.maps
    assert maps.isVisible()
    assert not panel.rows[0].slider.isVisible()
    start = explorer.state
    side = maps.view.height() // 5
    with qtbot.waitSignal(
        explorer.picture_decoded, timeout=SOON_MS, check_params_cb=lambda decoded: decoded.z != start.z
    ):
        qtbot.mousePress(maps.view, LEFT, pos=QPoint(side // 2, side // 2))
        for column in range(1, 4):
            qtbot.mouseMove(maps.view, QPoint(side // 2 + side * column, side // 2))
        qtbot.mouseRelease(maps.view, LEFT, pos=QPoint(side // 2 + side * 3, side // 2))
    z = explorer.state.z
    assert z[:3] == pytest.approx([number + 1 for number in start.z[:3]])
    assert z[5:] == start.z[5:]
    assert explorer.state.plane.embed(explorer.state.plane.project(z)) == pytest.approx(z, abs=1e-5)
    window.history.undo.trigger()
    assert explorer.state.z == start.z
    assert not window.history.undo.isEnabled()
    maps.view.select((0, 0))
    assert maps.number.value() == pytest.approx(start.z[0], abs=5e-5)


def test_another_model_has_its_own_way(tmp_path, open_window, make_bundle, qtbot):
    """After a model with maps, a bundle of two dimensions has sliders again."""
    path = decoder(tmp_path / "decoder.onnx", latent_dim=100, z_shape=["N", 4, 5, 5])
    window = open_window(path)
    panel = window.coordinates.panel
    window.panel.show_section(panel)
    with qtbot.waitSignal(window.explorer.opened, timeout=SOON_MS):
        window.open_path(make_bundle(latent_dim=2))
    assert not panel.maps.isVisible()
    assert [row.slider.isVisible() for row in panel.rows[:3]] == [True, True, False]
