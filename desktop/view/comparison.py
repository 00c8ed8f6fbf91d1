"""The view of a second model that is compared with the open one. No Qt."""

from dataclasses import dataclass, replace
from pathlib import Path

from desktop.view.state import ViewState


@dataclass(frozen=True)
class Other:
    """The second model of a comparison.

    Attributes:
        path: the path of its bundle or file.
        epoch: the epoch that is shown; None is the bundle's own model, after the last epoch.
    """

    path: Path
    epoch: int | None = None

    @property
    def text(self) -> str:
        """The model as one text, which `other_from_text` parses."""
        return f"{'' if self.epoch is None else self.epoch}:{self.path}"


def other_from_text(text: str) -> Other | None:
    """Return the model that a text from `Other.text` names; None for any other text."""
    epoch, colon, path = text.partition(":")
    is_epoch = not epoch or (epoch.isascii() and epoch.isdigit() and len(epoch) < 10)
    if not colon or not path or "\0" in path or not is_epoch:
        return None
    return Other(Path(path), int(epoch) if epoch else None)


def followed(
    other: ViewState, state: ViewState, has_same_labels: bool, has_same_points: bool = False
) -> ViewState:
    """Return the second model's state with the cursor and the viewport of the open model's `state`.

    If both have the same number of latent dimensions, both have the same z on the same plane. Otherwise the
    second model keeps its own plane, and its cursor is at the same (a, b) there. It also keeps its own epoch
    and prior. Pinned and selected points are shared only if both have the same test images. Further inputs
    with the same name have the same value.
    """
    shared = replace(
        other,
        scale=state.scale,
        viewport=state.viewport,
        layers=state.layers,
        opacities=state.opacities,
        hidden_labels=state.hidden_labels if has_same_labels else frozenset(),
        lens=state.lens,
        inputs=state.inputs,
        pinned=state.pinned if has_same_points else (),
        selected=state.selected if has_same_points else (),
        only_selected=has_same_points and state.only_selected,
    )
    if len(other.z) == len(state.z):
        return replace(
            shared,
            z=state.z,
            plane=state.plane,
            path=state.path,
            path_closed=state.path_closed,
            path_kind=state.path_kind,
            path_inputs=state.path_inputs,
        )
    return shared.at(state.cursor_ab)
