"""The note in an exported file, from which the program restores the view: one line of text. No Qt.

The note is a JSON object. Its first key is `latent_plane`, the format's number; see `Provenance` for the
rest. It identifies the model by its decoder's SHA-256, and names the bundle without its folder. A note may
come from anyone: its length is limited, its values are checked, and no path in it is opened.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cattrs.cols import is_mapping

from desktop.base.installed import program_version
from desktop.base.structure import shown, strict_converter, structure
from desktop.reading.input_values import differences, in_words, values_of
from desktop.reading.overrides import NAMES, as_options
from desktop.view.state import ViewState
from desktop.view.state_json import MOST_LISTED, state_from_dict, state_to_dict
from export.bundle import DECODER_FILE, epoch_file

if TYPE_CHECKING:
    from desktop.models.source import Source

FORMAT = 1
# The longest text that Pillow reads from a PNG.
MAX_TEXT_CHARS = 1 << 20
MAX_NAME_CHARS = 200
MAX_DETAILS = 64
MAX_DETAIL = 2**53
START = '{"latent_plane":'
SHA256 = re.compile(r"[0-9a-f]{64}")
SHORT_HASH = 12  # digits of a SHA-256 in messages for people
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")

Detail = str | int | float | bool

OF_BESIDE = ("b_model", "b_decoder_sha256", "b_epoch")  # the details that name the second model


@dataclass(frozen=True)
class Provenance:
    """Where an export came from.

    Attributes:
        model: the model's name, for people.
        decoder_sha256: the SHA-256 of its decoder, 64 hex digits, which identifies the model.
        bundle: the name of the bundle's folder or file, a hint for people.
        kind: what was exported: "picture", "samples", "manifold", "path", …
        details: the settings of the export: n, seed, scale, frames, …
        state: the view; None if it was too large for the note.
        reading: the reading of a bare model, as the options that set it, such as "range"; empty for a bundle
            and in notes of earlier versions.
        program: the version of the program that wrote it.
    """

    model: str
    decoder_sha256: str
    bundle: str
    kind: str
    details: Mapping[str, Detail] = field(default_factory=dict)
    state: ViewState | None = None
    reading: Mapping[str, Detail] = field(default_factory=dict)
    program: str = ""


@dataclass(frozen=True)
class Beside:
    """The second model, B, of an export that shows two.

    Attributes:
        model: its name, for people.
        decoder_sha256: the SHA-256 of its decoder, which identifies the model.
        epoch: the epoch that was shown; None is the bundle's own model.
    """

    model: str
    decoder_sha256: str
    epoch: int | None = None

    def details(self) -> dict[str, Detail]:
        """The second model as details of an export, which `beside_of` reads."""
        values = self.model[:MAX_NAME_CHARS], self.decoder_sha256, self.epoch
        return {name: value for name, value in zip(OF_BESIDE, values, strict=True) if value is not None}

    @property
    def not_found(self) -> str:
        """The message that this model is not found."""
        which = f"{self.model or 'a model without a name'} (decoder {self.decoder_sha256[:SHORT_HASH]})"
        return f"B was {which}, which is not found; open it on the page Compare"


def beside_of(details: Mapping[str, Detail]) -> Beside | None:
    """The second model that the details of an export name; None if they name none, or no valid one."""
    model, sha256, epoch = (details.get(name) for name in OF_BESIDE)
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        return None
    if not isinstance(epoch, int) or isinstance(epoch, bool) or epoch < 0:
        epoch = None
    return Beside(str(model or ""), sha256, epoch)


def is_in(source: "Source", sha256: str) -> bool:
    """Whether a source contains the model with this decoder: as its own, or as one of its epochs."""
    return sha256 == source.sha256 or epoch_of(source, sha256) is not None


def epoch_of(source: "Source", sha256: str) -> int | None:
    """The epoch of a source that has this decoder; None if there is none."""
    if source.bundle is None:
        return None
    files = source.bundle.manifest["files"]
    hashes = {files[epoch_file(epoch, DECODER_FILE)]["sha256"]: epoch for epoch in source.bundle.epochs}
    return hashes.get(sha256)


def provenance(source: "Source", state: ViewState | None, kind: str, **details: Detail) -> Provenance:
    """Return the provenance of an export of `source` in the view `state`."""
    if state is not None and not state.inputs:
        state = replace(state, inputs=values_of(source.further_inputs))
    return Provenance(
        model=source.name,
        decoder_sha256=source.sha256,
        bundle=source.path.name,
        kind=kind,
        details=details,
        state=state,
        reading={} if source.bundle is not None else as_options(source.reading),
        program=program_version(),
    )


def other_reading(carried: Provenance, source: "Source") -> dict[str, str]:
    """The options of a model's reading that differ from those at the export, with their values then."""
    now = {} if source.bundle is not None else as_options(source.reading)
    were = {option: str(carried.reading[option]) for option in now if option in carried.reading}
    return {option: text for option, text in were.items() if text != now[option]}


def differences_from(carried: Provenance, now: ViewState, source: "Source") -> list[str]:
    """The differences between an export and its reopened view, such as "label was 7, is now 3"."""
    assert carried.state is not None
    words = differences(carried.state.inputs, now.inputs)
    said = {each.name for each in carried.state.inputs}
    unsaid = tuple(each for each in now.inputs if each.name not in said)
    if unsaid:
        words.append(f"the file does not give the inputs, which are now {in_words(unsaid)}")
    if source.bundle is not None and now.epoch is not None and now.epoch not in source.bundle.epochs:
        words.append(f"epoch was {now.epoch}, is now the last")
    reading = as_options(source.reading)
    for option, text in other_reading(carried, source).items():
        words.append(f"{NAMES[option]} was {text}, is now {reading[option]}")
    return words


def to_text(carried: Provenance) -> str:
    """Return one line of ASCII of at most MAX_TEXT_CHARS; a state that does not fit is left out."""
    content: dict[str, Any] = {
        "latent_plane": FORMAT,
        "program": carried.program,
        "model": carried.model[:MAX_NAME_CHARS],
        "decoder_sha256": carried.decoder_sha256,
        "bundle": carried.bundle[:MAX_NAME_CHARS],
        "kind": carried.kind,
        "details": dict(carried.details),
        "reading": dict(carried.reading),
    }
    fits = carried.state is not None and fits_in_text(carried.state)
    state = state_to_dict(carried.state) if carried.state is not None and fits else None
    text = json.dumps(content | {"state": state}, separators=(",", ":"), allow_nan=False)
    if len(text) > MAX_TEXT_CHARS:
        text = json.dumps(content | {"state": None}, separators=(",", ":"), allow_nan=False)
    return text


def fits_in_text(state: ViewState) -> bool:
    """Whether a state's long vectors, which are written as base64, leave room in a text."""
    long_bytes = sum(numbers.nbytes for numbers in state.vectors if len(numbers) > MOST_LISTED)
    return 4 / 3 * long_bytes < MAX_TEXT_CHARS


def is_provenance(text: str) -> bool:
    """Whether a text begins like those of `to_text`."""
    return text.lstrip()[: len(START)] == START


def from_text(text: str) -> Provenance:
    """Return the provenance that `to_text` wrote.

    Raises ValueError for a text of another kind, format or length, an invalid value, or a state that
    `state_from_dict` refuses. The message says what was found.
    """
    if len(text) > MAX_TEXT_CHARS:
        raise ValueError(f"found a note of {len(text):,} characters, expected at most {MAX_TEXT_CHARS:,}")
    if not is_provenance(text):
        raise ValueError("found a text of another kind, expected what this program writes into its exports")
    try:
        content = json.loads(text, parse_constant=float)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"found a damaged note ({error}), expected JSON") from error
    if content["latent_plane"] != FORMAT or type(content["latent_plane"]) is not int:
        writer = structure(CONVERTER, content.get("program", ""), str, "program") or "unknown"
        raise ValueError(
            f"found format {str(content['latent_plane'])[:20]} written by version {writer}, "
            f"expected format {FORMAT}; open it with that version"
        )
    state = content.pop("state", None)
    carried = structure(CONVERTER, {"model": "", "bundle": "", "kind": ""} | content, Provenance)
    if not SHA256.fullmatch(carried.decoder_sha256):
        raise ValueError(f"decoder_sha256: found {shown(carried.decoder_sha256)}, expected 64 hex digits")
    return replace(
        carried,
        bundle=re.split(r"[/\\]", carried.bundle)[-1],
        state=None if state is None else state_from_dict(state),
    )


def _visible(value: object, _: object = None) -> str:
    """Return a text that can be shown: control characters replaced, and not too long."""
    if not isinstance(value, str):
        raise ValueError(f"found {shown(value)}, expected a text")
    return UNSEEN.sub(" ", value)[:MAX_NAME_CHARS].encode(errors="replace").decode()


def _details(value: object, _: object) -> dict[str, Detail]:
    """Return the plain values by name; nested values, which only a newer version writes, are left out."""
    if not isinstance(value, dict) or len(value) > MAX_DETAILS:
        raise ValueError(f"found {shown(value)}, expected an object of at most {MAX_DETAILS} values")
    for name, detail in value.items():
        if isinstance(detail, (int, float)) and not abs(detail) <= MAX_DETAIL:
            raise ValueError(f"found {name[:20]} = {shown(detail)}, expected a number up to {MAX_DETAIL}")
    return {
        name: _visible(detail) if isinstance(detail, str) else detail
        for name, detail in value.items()
        if isinstance(detail, (str, int, float))
    }


CONVERTER = strict_converter()
CONVERTER.register_structure_hook(str, _visible)
CONVERTER.register_structure_hook_func(is_mapping, _details)
