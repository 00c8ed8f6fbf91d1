"""During a drag, the cursor is painted first, and the layers only from time to time."""

from desktop.widgets.plane.pace import HURRY_S, NEWS_EVERY_S, PAINTED_WITHIN_S, PIECE_EVERY_S, Pace

START_S = 1000.0


def test_a_moved_cursor_is_dragged_for_a_moment():
    """Each move restarts that moment."""
    pace = Pace()
    assert not pace.is_hurried(START_S)
    pace.hurry(START_S)
    pace.hurry(START_S + 0.9 * HURRY_S)
    assert pace.is_hurried(START_S + 1.8 * HURRY_S)
    assert not pace.is_hurried(START_S + 1.9 * HURRY_S)


def test_layers_wait_for_a_moved_cursor_but_not_for_one_that_is_never_painted():
    """The layers go on as soon as the cursor is painted, or after a short time."""
    pace = Pace()
    pace.expect_move(START_S)
    assert pace.is_move_due(START_S + 0.9 * PAINTED_WITHIN_S)
    assert not pace.is_move_due(START_S + PAINTED_WITHIN_S)
    pace.expect_move(START_S)
    pace.end_move()
    assert not pace.is_move_due(START_S)


def test_layers_are_shown_at_once_while_the_cursor_rests():
    """They are shown even right after others."""
    pace = Pace()
    pace.count_news(START_S)
    assert pace.are_news_due(START_S)


def test_layers_are_shown_seldom_while_the_cursor_is_dragged():
    """Whole layers and pieces each have their own interval; layers that were shown are no news any more."""
    pace = Pace()
    pace.has_news = True
    pace.hurry(START_S)
    pace.count_news(START_S)
    pace.count_piece(START_S)
    assert not pace.has_news
    assert not pace.are_news_due(START_S + 0.9 * NEWS_EVERY_S)
    assert pace.are_news_due(START_S + NEWS_EVERY_S)
    assert not pace.is_piece_due(START_S + 0.9 * PIECE_EVERY_S)
    assert pace.is_piece_due(START_S + 1.1 * PIECE_EVERY_S)
