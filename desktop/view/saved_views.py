"""The saved views of models, the model that was open last, and the saved inputs of the window. No Qt.

These and the paths of second models are four sections of `desktop.base.saved`. Reading raises no errors:
damaged entries are left out. A view with very long z would make that file too large, so it is saved in a
separate file beside it, views/SHA-256.json, with the same JSON. At most MAX_LARGE such files are kept.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cattrs.cols import is_mapping

from desktop.base import saved
from desktop.base.atomic_file import replaced_file
from desktop.base.structure import MAX_INTEGER, shown, strict_converter, structure
from desktop.view.bookmarks import Bookmark, bookmark_to_dict, bookmarks_from_list
from desktop.view.provenance import SHA256
from desktop.view.saved_drawing import SavedDrawing, drawing_from_dict, drawing_to_dict
from desktop.view.state import ViewState
from desktop.view.state_json import state_from_dict, state_to_dict

MAX_MODELS = 40
MAX_CONTROLS = 300
MAX_SECOND = 40
# Views whose vectors take more than MAX_BYTES are saved in separate files: how many, and how large at most.
MAX_BYTES, MAX_LARGE, MAX_LARGE_BYTES = 128 << 10, 4, 1 << 30
IN_FILE = "in_file"

Value = str | int | float | bool


@dataclass(frozen=True)
class SavedPictures:
    """Own pictures, or z, that were shown as points.

    Attributes:
        path: a folder, a zip or an `.npz` of pictures, or a file of z.
        only: the files and folders in the folder that were chosen; empty for all.
    """

    path: Path
    only: tuple[Path, ...] = ()


@dataclass(frozen=True)
class SavedModel:
    """A model that was open.

    Attributes:
        path: the path of the bundle or the model file.
        state: its view: JSON values, or a ViewState if that is large.
        pictures: the folder or file of own pictures that was shown with it, or an empty string.
        only: the names in that folder that were chosen; empty for all.
        bookmarks: its bookmarks: JSON values, or Bookmarks if the view is a ViewState.
        drawing: its drawing: JSON values if it was read from a file, or a SavedDrawing; empty for none.
    """

    path: str
    state: Mapping[str, Any] | ViewState
    pictures: str = ""
    only: tuple[str, ...] = ()
    bookmarks: tuple[Mapping[str, Any], ...] | tuple[Bookmark, ...] = ()
    drawing: Mapping[str, Any] | SavedDrawing = field(default_factory=dict)


@dataclass(frozen=True)
class _WrittenModel:
    """A model in the form that is written to the file."""

    path: str
    state: Mapping[str, Any]
    pictures: str = ""
    only: tuple[str, ...] = ()
    bookmarks: tuple[Mapping[str, Any], ...] = ()
    drawing: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SavedViews:
    """Everything that the next start restores.

    Attributes:
        last: the SHA-256 of the decoder that was open last, or an empty string.
        models: SHA-256 of the decoder → the saved model, the newest last.
        controls: name of an input of the window → its value.
        second: SHA-256 of the decoder → the path of a model that was B in Compare, the newest last.
        note: what was wrong with the file, in one line, or an empty string.
    """

    last: str = ""
    models: Mapping[str, SavedModel] = field(default_factory=dict)
    controls: Mapping[str, Value] = field(default_factory=dict)
    second: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def last_path(self) -> Path | None:
        """The path of the model that was open last, or None."""
        return self.path_of(self.last)

    def state_of(self, sha256: str, latent_dim: int | None = None) -> ViewState | None:
        """Return the view of a model; None if no usable view is saved."""
        model = self.models.get(sha256)
        if model is None:
            return None
        state = model.state
        if isinstance(state, ViewState):
            return state if latent_dim in (None, len(state.z)) else None
        try:
            return state_from_dict(_content(sha256, state), latent_dim)
        except (OSError, ValueError, RecursionError):
            return None

    def bookmarks_of(self, sha256: str, latent_dim: int | None = None) -> tuple[Bookmark, ...]:
        """Return the bookmarks of a model; none if no usable ones are saved."""
        model = self.models.get(sha256)
        if model is None:
            return ()
        state = model.state
        if isinstance(state, ViewState):
            marks = tuple(mark for mark in model.bookmarks if isinstance(mark, Bookmark))
            return marks if latent_dim in (None, len(state.z)) else ()
        try:
            found = _content(sha256, state).get("bookmarks", ()) if IN_FILE in state else model.bookmarks
            return bookmarks_from_list(found, latent_dim)
        except (OSError, ValueError, RecursionError):
            return ()

    def drawing_of(self, sha256: str, image_shape: tuple[int, int, int]) -> SavedDrawing | None:
        """Return the drawing for a model with pictures of this shape; None if no usable one is saved."""
        model = self.models.get(sha256)
        if model is None:
            return None
        if isinstance(model.drawing, SavedDrawing):
            return model.drawing if model.drawing.pixels.shape == image_shape else None
        found: object = model.drawing
        try:
            if not isinstance(model.state, ViewState) and IN_FILE in model.state:
                found = _content(sha256, model.state).get("drawing")
            return drawing_from_dict(found, image_shape) if isinstance(found, Mapping) and found else None
        except (OSError, ValueError, RecursionError):
            return None

    def path_of(self, sha256: str) -> Path | None:
        """Return the path from which a model was opened last, or else was opened as B last, or None."""
        model = self.models.get(sha256)
        path = self.second.get(sha256) if model is None else model.path
        return None if path is None else Path(path)

    def pictures_of(self, sha256: str) -> SavedPictures | None:
        """Return the own pictures that were shown with a model last, or None."""
        model = self.models.get(sha256)
        if model is None or not model.pictures:
            return None
        path = Path(model.pictures)
        return SavedPictures(path, tuple(path / name for name in model.only))

    def with_model(
        self,
        sha256: str,
        path: Path,
        state: ViewState,
        pictures: SavedPictures | None = None,
        bookmarks: tuple[Bookmark, ...] = (),
        drawing: SavedDrawing | None = None,
    ) -> "SavedViews":
        """Return the views with this model as the last; it replaces other models with the same path."""
        is_large = _is_large(state, bookmarks, drawing)
        view = state if is_large else state_to_dict(state)
        marks = bookmarks if is_large else tuple(map(bookmark_to_dict, bookmarks))
        place, only = ("", ()) if pictures is None else (str(pictures.path), _names(pictures))
        saved_model = SavedModel(str(path), view, place, only, marks, drawing or {})
        models = _with_model(self.models, sha256, saved_model)
        return replace(self, last=sha256, models=models)

    def with_second(self, sha256: str, path: Path) -> "SavedViews":
        """Return the views with this model among the second models."""
        return replace(self, second=_newest_second(self.second, {sha256: str(path)}))


def read_views() -> SavedViews:
    """Read the saved views; they are empty if nothing usable is saved."""
    content, note = saved.read()
    return SavedViews(
        last=content["last"],
        models=_models(content["models"]),
        controls=_controls(content["controls"]),
        second=_second(content["second"]),
        note=note,
    )


def save_views(views: SavedViews, before: SavedViews) -> None:
    """Save the last model and all changes since `before`, the views that this viewer saved last.

    Changes that another viewer has saved since then stay. Raises OSError.
    """

    def edit(content: saved.Content) -> None:
        models: Mapping[str, SavedModel] = _models(content["models"])
        for sha256, model in views.models.items():
            if sha256 == views.last or before.models.get(sha256) != model:
                models = _with_model(models, sha256, model)
        controls = {n: value for n, value in views.controls.items() if before.controls.get(n) != value}
        content["last"] = views.last
        content["models"] = {sha256: _written(sha256, model) for sha256, model in models.items()}
        _drop_large(content["models"])
        second = {sha256: path for sha256, path in views.second.items() if before.second.get(sha256) != path}
        content["second"] = _newest_second(_second(content["second"]), second)
        content["controls"] = saved.newest(_controls(content["controls"]) | controls, MAX_CONTROLS)

    saved.change(edit)


def _large_views() -> Path:
    return saved.place().with_name("views")


def _is_large(state: ViewState, bookmarks: tuple[Bookmark, ...], drawing: SavedDrawing | None) -> bool:
    of_state = sum(numbers.nbytes for numbers in state.vectors)
    of_drawing = 0 if drawing is None else drawing.nbytes
    return of_state + of_drawing + sum(mark.nbytes for mark in bookmarks) > MAX_BYTES


def _content(sha256: str, state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a saved view's JSON values, from a separate file if it has one. Raises OSError, ValueError."""
    if IN_FILE not in state:
        return state
    place = _large_views() / f"{sha256}.json"
    if not place.stat().st_size <= MAX_LARGE_BYTES:
        raise ValueError(f"found a view of more than {MAX_LARGE_BYTES:,} bytes")
    content = json.loads(place.read_text(encoding="ascii"))
    return _object(content, None)


def _written(sha256: str, model: SavedModel) -> dict[str, Any]:
    """Return a model as JSON values; a large view is written to a separate file.

    That file also gets its bookmarks and its drawing. The key of pictures is left out if there are none,
    because earlier versions do not know it.
    """
    state: Mapping[str, Any] | ViewState = model.state
    marks = [bookmark_to_dict(mark) if isinstance(mark, Bookmark) else mark for mark in model.bookmarks]
    drawn = model.drawing
    drawing = drawing_to_dict(drawn) if isinstance(drawn, SavedDrawing) else drawn
    if isinstance(state, ViewState):
        more = {"bookmarks": marks, "drawing": drawing}
        text = json.dumps(state_to_dict(state) | more, separators=(",", ":"))
        marks, drawing = [], {}
        _large_views().mkdir(exist_ok=True)
        with replaced_file(_large_views() / f"{sha256}.json") as temporary:
            temporary.write_text(text, encoding="ascii")
        state = {IN_FILE: True}
    pictures = {"pictures": model.pictures} if model.pictures else {}
    only = {"only": model.only} if model.only else {}
    of_model = {"path": model.path, "state": state} | pictures | only
    return of_model | ({"bookmarks": marks} if marks else {}) | ({"drawing": drawing} if drawing else {})


def _names(pictures: SavedPictures) -> tuple[str, ...]:
    """The paths of the chosen pictures, relative to their folder."""
    return tuple(str(path.relative_to(pictures.path)) for path in pictures.only)


def _drop_large(models: Mapping[str, Any]) -> None:
    """Remove the files of large views, except the newest MAX_LARGE that are still used."""
    used = [sha256 for sha256, model in models.items() if IN_FILE in model["state"]][-MAX_LARGE:]
    for file in _large_views().glob("*.json"):
        if file.stem not in used:
            file.unlink(missing_ok=True)


def _with_model(models: Mapping[str, SavedModel], sha256: str, model: SavedModel) -> dict[str, SavedModel]:
    others = {key: other for key, other in models.items() if key != sha256 and other.path != model.path}
    return saved.newest(others | {sha256: model}, MAX_MODELS)


def _models(found: Mapping[str, Any]) -> dict[str, SavedModel]:
    models = {}
    for sha256, content in list(found.items())[-MAX_MODELS:]:
        try:
            model = structure(CONVERTER, content, _WrittenModel)
        except ValueError:
            continue
        if SHA256.fullmatch(sha256) and "\0" not in model.path + model.pictures + "".join(model.only):
            models[sha256] = SavedModel(
                model.path, model.state, model.pictures, model.only, model.bookmarks, model.drawing
            )
    return models


def _second(found: Mapping[str, Any]) -> dict[str, str]:
    return {
        sha256: path
        for sha256, path in list(found.items())[-MAX_SECOND:]
        if SHA256.fullmatch(sha256) and isinstance(path, str) and path and "\0" not in path
    }


def _newest_second(before: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    others = {sha256: path for sha256, path in before.items() if sha256 not in new}
    return saved.newest(others | dict(new), MAX_SECOND)


def _controls(found: Mapping[str, Any]) -> dict[str, Value]:
    return {
        name: value
        for name, value in list(found.items())[-MAX_CONTROLS:]
        if isinstance(value, (str, bool)) or (isinstance(value, (int, float)) and abs(value) < MAX_INTEGER)
    }


def _object(value: object, _: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"found {shown(value)}, expected an object")
    return value


CONVERTER = strict_converter()
CONVERTER.register_structure_hook_func(is_mapping, _object)
