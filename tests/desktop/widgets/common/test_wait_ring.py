"""The ring counts down the expected time, then shows that the wait takes longer."""

import pytest
from PySide6.QtWidgets import QWidget

from desktop.widgets.common import wait_ring
from desktop.widgets.common.wait_ring import WaitRing


class Clock:
    """A clock that the test sets."""

    now_s = 100.0

    def monotonic(self):
        return self.now_s


@pytest.fixture
def clock(monkeypatch):
    """The ring's clock."""
    clock = Clock()
    monkeypatch.setattr(wait_ring, "time", clock)
    return clock


def test_the_ring_counts_down_and_fills(qtbot, clock, pixels):
    """It shows 3 s, then 1 s, then an ellipsis, and more and more of the ring has the cursor's colour."""
    over = QWidget()
    qtbot.addWidget(over)
    over.resize(200, 200)
    ring = WaitRing(over)
    over.show()
    assert not ring.isVisible()
    ring.start(3.0)
    assert ring.isVisible()
    texts, pictures = [ring.text()], [pixels(ring.grab().toImage())]
    for now_s in (102.5, 103.5):
        clock.now_s = now_s
        texts.append(ring.text())
        pictures.append(pixels(ring.grab().toImage()))
    assert texts == ["3 s", "1 s", "…"]
    assert (pictures[0] != pictures[1]).any()
    assert over.rect().contains(ring.geometry())
    ring.stop()
    assert not ring.isVisible()
