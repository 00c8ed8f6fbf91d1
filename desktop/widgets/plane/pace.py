"""Decides when parts of the plane are painted, so that a dragged cursor and its picture go first. No Qt."""

HURRY_S = 0.1  # how long the cursor counts as dragged after a move
NEWS_EVERY_S = 0.05  # the least time between two updates of whole layers during a drag
PIECE_EVERY_S = 0.016  # the least time between two pieces of them during a drag
PAINTED_WITHIN_S = 0.05  # the most that layers wait until a moved cursor is painted


class Pace:
    """Records when the cursor moved, and when layers were last painted.

    All times are seconds of one monotonic clock; `now_s` is its time at the call.

    Attributes:
        has_news: whether layers were drawn that are not on the screen yet.
    """

    def __init__(self) -> None:
        self._hurried_until_s = 0.0
        self._move_due_until_s = 0.0
        self._piece_s = 0.0
        self._news_s = 0.0
        self.has_news = False

    def hurry(self, now_s: float) -> None:
        """Count the cursor as dragged for a moment."""
        self._hurried_until_s = now_s + HURRY_S

    def is_hurried(self, now_s: float) -> bool:
        """Whether the cursor is dragged."""
        return now_s < self._hurried_until_s

    def expect_move(self, now_s: float) -> None:
        """Let the layers wait for a short time until a moved cursor is painted, which may never happen."""
        self._move_due_until_s = now_s + PAINTED_WITHIN_S

    def end_move(self) -> None:
        """Let the layers go on, because the cursor has been painted."""
        self._move_due_until_s = 0.0

    def is_move_due(self, now_s: float) -> bool:
        """Whether a moved cursor is about to be painted."""
        return now_s < self._move_due_until_s

    def is_piece_due(self, now_s: float) -> bool:
        """Whether the next piece of the layers may be painted."""
        return now_s > self._piece_s + PIECE_EVERY_S

    def count_piece(self, now_s: float) -> None:
        """Count a piece as painted."""
        self._piece_s = now_s

    def are_news_due(self, now_s: float) -> bool:
        """Whether drawn layers are to be shown: at once if the cursor rests, and seldom during a drag."""
        return now_s >= min(self._hurried_until_s, self._news_s + NEWS_EVERY_S)

    def count_news(self, now_s: float) -> None:
        """Count the layers as shown."""
        self._news_s, self.has_news = now_s, False
