"""The walk's job decodes with the open model."""

from desktop.app.walk import frame_steps, walk_steps
from desktop.jobs.cost import Cost
from desktop.jobs.route import Route
from desktop.latent.paths import PathKind, Walk, even_walk

ROUTE = Route(((-1.0, 0.0), (1.0, 0.5)), False, PathKind.VISUAL)


def test_a_walk_at_even_visual_change_is_made_step_by_step(explorer):
    """It goes from the first point to the last."""
    walk = list(walk_steps(explorer, ROUTE))[-1]
    assert isinstance(walk, Walk)
    assert [tuple(walk.at(share).tolist()) for share in (0, 1)] == [(-1.0, 0.0), (1.0, 0.5)]


def test_a_pace_that_costs_much_is_not_measured(explorer):
    """The cost is yielded instead; a quick decoder needs no pictures in advance."""
    explorer.model.picture_s = 1.0
    (cost,) = walk_steps(explorer, ROUTE, most_s=10.0)
    assert isinstance(cost, Cost)
    assert cost.pictures > 500
    assert frame_steps(explorer, ROUTE, even_walk(ROUTE.curve), 4.0, 10.0) is None


def test_without_a_model_there_is_no_walk(make_explorer):
    """There is no job, and no error."""
    assert walk_steps(make_explorer(), ROUTE) is None
