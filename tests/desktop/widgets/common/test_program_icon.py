"""The program's icon is drawn in the sizes of title bars and task bars."""

import pytest

from desktop.widgets.common.program_icon import program_icon


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("size_px", [16, 32, 128])
def test_the_icon_is_drawn_in_any_size(size_px):
    """Its corners are round, the picture at the cursor is white, and the one beside it has a colour."""
    picture = program_icon().pixmap(size_px, size_px).toImage()
    assert (picture.width(), picture.height()) == (size_px, size_px)
    assert picture.pixelColor(0, 0).alpha() == 0
    assert picture.pixelColor(size_px // 2, size_px // 2).lightness() > 200
    assert picture.pixelColor(round(0.22 * size_px), size_px // 2).saturation() > 100
