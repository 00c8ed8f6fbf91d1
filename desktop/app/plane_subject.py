"""The model that a plane shows, and the state that actions on it change: its own, or another model's."""

from collections.abc import Callable
from dataclasses import dataclass

from desktop.app.explorer import Explorer
from desktop.base.vector import Vector


@dataclass(frozen=True)
class PlaneSubject:
    """The model on a plane, and the state that mouse and keys change there.

    Attributes:
        shown: holds the model, its points and the state that is drawn.
        steered: holds the state that mouse and keys change; if it is another explorer, `shown` follows it.
        has_same_points: returns whether a number refers to the same point in both, so that points can be
            pinned and selected.
    """

    shown: Explorer
    steered: Explorer
    has_same_points: Callable[[], bool]

    @classmethod
    def of(cls, explorer: Explorer) -> "PlaneSubject":
        """Return the subject for a plane that changes the state of the model that it shows."""
        return cls(explorer, explorer, lambda: True)

    @property
    def has_same_z(self) -> bool:
        """Whether a z of the model on the plane is also a z of the state that is changed."""
        return self.shown is self.steered or self.shown.latent_dim == self.steered.latent_dim

    def go_to(self, z: Vector) -> None:
        """Move the cursor to z of the model on the plane; the plane keeps its directions."""
        if self.has_same_z:
            self.steered.set_state(self.steered.state.moved_to(z))
            return
        self.shown.set_state(self.shown.state.moved_to(z), record=False)
        self.steered.set_state(self.steered.state.at(self.shown.state.cursor_ab))
