"""What is kept between starts, in one JSON file: the last model, each model's state, what was set. No Qt.

Whatever the file holds, reading raises nothing: what cannot be used is left out, and `Session.note` says
in one line that the file as a whole was of no use.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import platformdirs

from desktop.base.atomic_file import replaced_file
from desktop.view.provenance import SHA256
from desktop.view.state import ViewState
from desktop.view.state_json import state_from_dict, state_to_dict

FORMAT = 1
MAX_MODELS = 40
MAX_FILE_CHARS = 8 << 20
MAX_CONTROLS = 300

Value = str | int | float | bool


@dataclass(frozen=True)
class KeptModel:
    """A model that was open: where it was, and what was looked at as JSON's types."""

    path: str
    state: Mapping[str, Any]


@dataclass(frozen=True)
class Session:
    """What a start goes on from.

    Attributes:
        last: the SHA-256 of the decoder that was open at the end, or an empty string.
        models: SHA-256 of the decoder → what is kept of the model, the newest last.
        controls: what was set in the window: names → values.
        note: what was wrong with the file, in one line, or an empty string.
    """

    last: str = ""
    models: Mapping[str, KeptModel] = field(default_factory=dict)
    controls: Mapping[str, Value] = field(default_factory=dict)
    note: str = ""

    @property
    def last_path(self) -> Path | None:
        """Where the model was that was open at the end."""
        kept = self.models.get(self.last)
        return None if kept is None else Path(kept.path)

    def state_of(self, sha256: str, latent_dim: int | None = None) -> ViewState | None:
        """What was looked at of a model; None where nothing usable is kept."""
        kept = self.models.get(sha256)
        if kept is None:
            return None
        try:
            return state_from_dict(kept.state, latent_dim)
        except ValueError:
            return None

    def path_of(self, sha256: str) -> Path | None:
        """Where a model was when it was last open."""
        kept = self.models.get(sha256)
        return None if kept is None else Path(kept.path)

    def with_model(self, sha256: str, path: Path, state: ViewState) -> "Session":
        """With a model as the last one, and what is looked at of it; it takes the place of others there."""
        others = {key: kept for key, kept in self.models.items() if key != sha256 and kept.path != str(path)}
        models = others | {sha256: KeptModel(str(path), state_to_dict(state))}
        return replace(self, last=sha256, models=dict(list(models.items())[-MAX_MODELS:]))


def place() -> Path:
    """The file."""
    return platformdirs.user_data_path("latent-plane", appauthor=False) / "session.json"


def read_session() -> Session:
    """What was kept; an empty session where there is nothing, or nothing that can be used."""
    path = place()
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_FILE_CHARS + 1)
        if len(text) > MAX_FILE_CHARS:
            raise ValueError("it is too large")
        content = json.loads(text)
        if not isinstance(content, dict):
            raise ValueError("it holds no object")
        if content.get("format") != FORMAT:
            raise ValueError(f"it has format {str(content.get('format'))[:20]}, expected {FORMAT}")
    except FileNotFoundError:
        return Session()
    except (OSError, ValueError, RecursionError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        words = " ".join(words.split())[:120]
        return Session(note=f"what was kept from the last start cannot be used ({words}); it begins anew")
    last, models, controls = content.get("last"), content.get("models"), content.get("controls")
    return Session(
        last=last if isinstance(last, str) else "",
        models=_models(models if isinstance(models, dict) else {}),
        controls=_controls(controls if isinstance(controls, dict) else {}),
    )


def write_session(session: Session) -> None:
    """Keep a session, the file replaced whole. Raises OSError.

    Models that make the file too large are left out, the oldest first.
    """
    models = dict(session.models)
    while len(text := _text(replace(session, models=models))) > MAX_FILE_CHARS and models:
        del models[next(iter(models))]
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True)
    with replaced_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _text(session: Session) -> str:
    content = {
        "format": FORMAT,
        "last": session.last,
        "models": {key: {"path": kept.path, "state": kept.state} for key, kept in session.models.items()},
        "controls": dict(session.controls),
    }
    return json.dumps(content, separators=(",", ":"))


def _models(found: Mapping[str, Any]) -> dict[str, KeptModel]:
    return {
        key: KeptModel(kept["path"], kept["state"])
        for key, kept in list(found.items())[-MAX_MODELS:]
        if SHA256.fullmatch(key)
        and isinstance(kept, dict)
        and isinstance(kept.get("path"), str)
        and "\0" not in kept["path"]
        and isinstance(kept.get("state"), dict)
    }


def _controls(found: Mapping[str, Any]) -> dict[str, Value]:
    return {
        name: value
        for name, value in list(found.items())[:MAX_CONTROLS]
        if isinstance(value, (str, bool)) or (isinstance(value, (int, float)) and abs(value) < 2**53)
    }
