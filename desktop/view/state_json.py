"""Turns a ViewState into JSON values and back; what is read may come from a stranger. No Qt.

`desktop.base.structure` checks the fields by their types; this module checks that they fit each other.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from desktop.base.structure import shown, strict_converter, structure
from desktop.base.vector import Vector
from desktop.latent.plane import MAX_SPAN, MIN_SPAN, Plane
from desktop.view.state import ViewState, start_state

# Directions are written with all digits, so a larger deviation was not written by this program.
MAX_SKEW = 1e-4
CONVERTER = strict_converter()
CONVERTER.register_unstructure_hook(Vector, list)
CONVERTER.register_structure_hook(
    Vector, lambda data, _: Vector(CONVERTER.structure(data, tuple[float, ...]))
)


def state_to_dict(state: ViewState) -> dict[str, Any]:
    """Return the state as JSON values; `state_from_dict` gives an equal state."""
    written: dict[str, Any] = CONVERTER.unstructure(state)
    return written


def state_from_dict(data: object, latent_dim: int | None = None) -> ViewState:
    """Return the state that `data`, values from JSON, describes.

    Raises ValueError that says what was found and where: a wrong type, a number that is not finite or too
    large, z of another length than `latent_dim` (if given), directions that span no plane.
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"state: found {shown(data)}, expected an object")
    z = data.get("z")
    if z == []:
        raise ValueError("state.z: found no numbers, expected at least one")
    # Missing fields are those of a new view with the same number of dimensions.
    start = start_state(len(z) if isinstance(z, list) else latent_dim or 2)
    state = structure(CONVERTER, state_to_dict(start) | dict(data), ViewState, "state")
    _check(state, latent_dim)
    view = state.viewport
    state = replace(state, viewport=replace(view, span=min(MAX_SPAN, max(MIN_SPAN, view.span))))
    z = state.z.array
    beside = z - state.plane.embed(state.plane.project(z))
    if np.abs(beside).max() > MAX_SKEW * (1 + np.abs(z).max()):
        state = state.moved_to(state.z)  # the cursor must be on the plane
    return state


def _check(state: ViewState, latent_dim: int | None) -> None:
    """Raise ValueError if the parts do not fit each other."""
    dims = len(state.z)
    if latent_dim is not None and dims != latent_dim:
        raise ValueError(f"state.z: found {dims} numbers, expected the model's {latent_dim}")
    points = {f"state.path[{index}]": point for index, point in enumerate(state.path)}
    plane = state.plane
    for where, numbers in (
        points | {f"state.plane.{k}": getattr(plane, k) for k in ("origin", "u", "v")}
    ).items():
        if len(numbers) != dims:
            raise ValueError(f"{where}: found {len(numbers)} numbers, expected {dims} as in state.z")
    if not _spans(plane):
        raise ValueError(
            "state.plane: found u and v that are not orthonormal, expected directions of length 1"
        )
    if state.seed < 0:
        raise ValueError(f"state.seed: found {state.seed}, expected a whole number from 0")
    if not state.viewport.span > 0:
        raise ValueError(f"state.viewport.span: found {state.viewport.span}, expected a positive number")


def _spans(plane: Plane) -> bool:
    u, v = plane.u.array.astype(np.float64), plane.v.array.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = float(u @ u), float(v @ v), abs(float(u @ v))
    expected = (1.0, 1.0 if len(u) > 1 else 0.0, 0.0)
    return all(abs(found - right) < MAX_SKEW for found, right in zip(lengths, expected, strict=True))
