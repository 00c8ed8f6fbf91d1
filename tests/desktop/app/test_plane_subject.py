"""The state that actions on a plane change, and what the models of two planes share."""

import pytest

from desktop.app.comparison import Comparison
from desktop.app.plane_subject import PlaneSubject
from desktop.base.vector import Vector
from desktop.view.comparison import Other
from tests.waiting import SOON_MS


def test_going_to_a_point_of_another_space(make_explorer, make_bundle, qtbot):
    """The other model's plane moves through the point, and both cursors are at the same (a, b)."""
    first = make_explorer(make_bundle())
    comparison = Comparison(first, first)
    comparison.set_shown(True)
    with qtbot.waitSignal(comparison.second.opened, timeout=SOON_MS):
        comparison.open(Other(make_bundle(latent_dim=3)))
    subject = PlaneSubject(comparison.second, first, lambda: False)
    assert not subject.has_same_z
    subject.go_to(Vector((0.5, -1.0, 2.0)))
    assert comparison.second.state.z == (0.5, -1.0, 2.0)
    assert first.state.z == pytest.approx(comparison.second.state.cursor_ab)
