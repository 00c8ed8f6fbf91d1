"""The saved views of models, the model that was open last, and the saved inputs of the window. No Qt.

They are three sections of `desktop.base.saved`. Reading raises nothing: what cannot be used is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cattrs.cols import is_mapping

from desktop.base import saved
from desktop.base.structure import MAX_INTEGER, shown, strict_converter, structure
from desktop.view.provenance import SHA256
from desktop.view.state import ViewState
from desktop.view.state_json import state_from_dict, state_to_dict

MAX_MODELS = 40
MAX_CONTROLS = 300

Value = str | int | float | bool


@dataclass(frozen=True)
class SavedModel:
    """A model that was open.

    Attributes:
        path: where it is.
        state: its view as JSON values.
        pictures: the folder or file of own pictures that was shown with it, or an empty string.
    """

    path: str
    state: Mapping[str, Any]
    pictures: str = ""


@dataclass(frozen=True)
class SavedViews:
    """What a start restores.

    Attributes:
        last: the SHA-256 of the decoder that was open last, or an empty string.
        models: SHA-256 of the decoder → the saved model, the newest last.
        controls: name of an input of the window → its value.
        note: what was wrong with the file, in one line, or an empty string.
    """

    last: str = ""
    models: Mapping[str, SavedModel] = field(default_factory=dict)
    controls: Mapping[str, Value] = field(default_factory=dict)
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
        try:
            return state_from_dict(model.state, latent_dim)
        except ValueError:
            return None

    def path_of(self, sha256: str) -> Path | None:
        """Return the path at which a model was open last, or None."""
        model = self.models.get(sha256)
        return None if model is None else Path(model.path)

    def pictures_of(self, sha256: str) -> Path | None:
        """Return where the own pictures are that were shown with a model last, or None."""
        model = self.models.get(sha256)
        return Path(model.pictures) if model is not None and model.pictures else None

    def with_model(
        self, sha256: str, path: Path, state: ViewState, pictures: Path | None = None
    ) -> "SavedViews":
        """Return the views with this model and its view as the last; it replaces other models at its path."""
        saved_model = SavedModel(str(path), state_to_dict(state), "" if pictures is None else str(pictures))
        models = _with_model(self.models, sha256, saved_model)
        return replace(self, last=sha256, models=models)


def read_views() -> SavedViews:
    """Read what is saved; empty if nothing is saved or nothing can be used."""
    content, note = saved.read()
    return SavedViews(
        last=content["last"],
        models=_models(content["models"]),
        controls=_controls(content["controls"]),
        note=note,
    )


def save_views(views: SavedViews, before: SavedViews) -> None:
    """Save the last model and all changes since `before`, the views as this viewer saved them last.

    What another viewer has saved since then stays. Raises OSError.
    """

    def edit(content: saved.Content) -> None:
        models: Mapping[str, SavedModel] = _models(content["models"])
        for sha256, model in views.models.items():
            if sha256 == views.last or before.models.get(sha256) != model:
                models = _with_model(models, sha256, model)
        controls = {n: value for n, value in views.controls.items() if before.controls.get(n) != value}
        content["last"] = views.last
        content["models"] = {sha256: _content(model) for sha256, model in models.items()}
        content["controls"] = saved.newest(_controls(content["controls"]) | controls, MAX_CONTROLS)

    saved.change(edit)


def _content(model: SavedModel) -> dict[str, Any]:
    """As JSON values; earlier versions know no pictures, so these are left out if there are none."""
    return {name: value for name, value in vars(model).items() if value or name != "pictures"}


def _with_model(models: Mapping[str, SavedModel], sha256: str, model: SavedModel) -> dict[str, SavedModel]:
    others = {key: other for key, other in models.items() if key != sha256 and other.path != model.path}
    return saved.newest(others | {sha256: model}, MAX_MODELS)


def _models(found: Mapping[str, Any]) -> dict[str, SavedModel]:
    models = {}
    for sha256, content in list(found.items())[-MAX_MODELS:]:
        try:
            model = structure(CONVERTER, content, SavedModel)
        except ValueError:
            continue
        if SHA256.fullmatch(sha256) and "\0" not in model.path + model.pictures:
            models[sha256] = model
    return models


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
