"""What a plane shows, and whose state people change there: that of the same model, or of one beside it."""

from dataclasses import dataclass

from desktop.app.explorer import Explorer
from desktop.base.vector import Vector
from desktop.models.opened import same_images


@dataclass(frozen=True)
class PlaneSubject:
    """The model on a plane, and the state that mouse and keys change there.

    Attributes:
        shown: holds the model, its points and the state that is drawn.
        steered: holds the state that changes, which `shown` follows if it is another explorer.
    """

    shown: Explorer
    steered: Explorer

    @property
    def has_same_z(self) -> bool:
        """Whether z of the model on the plane are z of the state that changes."""
        return self.shown is self.steered or self.shown.latent_dim == self.steered.latent_dim

    @property
    def has_same_points(self) -> bool:
        """Whether a number means the same point in both, so that it can be pinned or selected."""
        return self.shown is self.steered or same_points(self.shown, self.steered)

    def go_to(self, z: Vector) -> None:
        """Move the cursor to z of the model on the plane; the plane keeps its directions."""
        if self.has_same_z:
            self.steered.set_state(self.steered.state.moved_to(z))
            return
        self.shown.set_state(self.shown.state.moved_to(z), record=False)
        self.steered.set_state(self.steered.state.at(self.shown.state.cursor_ab))


def same_points(one: Explorer, other: Explorer) -> bool:
    """Whether two explorers show the same test images, wherever their encoders put them.

    Points without images are the same if they are of the same file.
    """
    first, second = one.posterior, other.posterior
    if first is None or second is None or one.own is not other.own or not same_images(first, second):
        return False
    paths = [None if each.source is None else each.source.path for each in (one, other)]
    return first.images is not None or paths[0] == paths[1]
