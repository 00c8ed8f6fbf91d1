"""Collects a page's content, facts for its script and blocks of numbers, from a bundle or a bare decoder."""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export.bundle import Bundle, open_bundle
from export.containers import ZIP_SUFFIX, BundleError
from export.manifest import DECODER_FILE, ENCODER_FILE, MANIFEST_FILE, epoch_file
from export.other_formats import other_format
from export.page.atlas import Atlas, atlas_of
from export.page.bare_decoder import Wanted, read_model
from export.page.look import look_of
from export.page.lowering import lower
from export.page.packing import fits_float16, weight_blocks
from export.page.plane import frame_of
from export.page.points import MOST_POINTS, ground_of, points_of
from export.page.program import Floats, NotLiveError, Program
from export.page.reading import Reading, bundle_reading
from export.page.rules import RULES
from export.page.settings import Setting
from export.page.words import facts_of, plain

# One multiply-add takes about a third of a nanosecond in WebAssembly, so this is about 30 ms.
MOST_LIVE_WORK = 100_000_000
MOST_LIVE_WEIGHTS = 8_000_000
# Numbers of one picture. The trace keeps every value of a run, and these grow with the picture.
MOST_LIVE_NUMBERS = 400_000
# Weights of all epochs together: about 4 MB of text.
MOST_WEIGHTS_OF_EPOCHS = 1_500_000
MOST_NAMES = 256
VERSION = 1


@dataclass(frozen=True)
class Choices:
    """The options of a page.

    Attributes:
        name: the model's name; None for its own.
        mode: "live", "atlas", or "auto" for live if the page can run the decoder.
        precision: number format of the weights, "float16" or "float32".
        points: the largest number of test images.
        epochs: whether all epochs are in the page, or only the last.
        atlas_count: pictures of an atlas from left to right, and from top to bottom.
        atlas_px: the largest allowed side of each of them.
        wanted: the parts of a bare model's reading that a person set.
        look: what the page shows at first, as the JSON text that `export.page.look` reads; None for the
            page's own choice.
    """

    name: str | None = None
    mode: str = "auto"
    precision: str = "float16"
    points: int = MOST_POINTS
    epochs: bool = True
    atlas_count: int = 24
    atlas_px: int = 64
    wanted: Wanted = field(default_factory=Wanted)
    look: str | None = None


@dataclass(frozen=True)
class Content:
    """The content that `export.page.html.page` puts into the file.

    Attributes:
        title: of the page.
        facts: for the script, as JSON.
        blocks: numbers as text, by name.
        notes: sentences for people about how the page was made.
        left_out: the parts of the look that the page cannot show, in words; may be empty.
    """

    title: str
    facts: Mapping[str, Any]
    blocks: Mapping[str, str]
    notes: tuple[str, ...]
    left_out: str = ""


def content_of(path: Path, choices: Choices) -> Content:
    """The content of a page about a bundle or an ONNX file.

    Raises BundleError, ReadingError or NotLiveError with what was found and what to do, and OSError.
    """
    if path.suffix.lower() == ".onnx" and path.is_file():
        return _content(read_model(path, choices.wanted), None, choices)
    other = None if path.suffix.lower() == ZIP_SUFFIX or path.name == MANIFEST_FILE else other_format(path)
    if other is not None:
        raise BundleError(f"{path}: found {other[0]}, expected a bundle or an ONNX model; {other[1]}")
    bundle = open_bundle(path)
    return _content(bundle_reading(bundle, bundle.read(DECODER_FILE)), bundle, choices)


def _content(reading: Reading, bundle: Bundle | None, choices: Choices) -> Content:
    notes = list(reading.guesses)
    blocks: dict[str, str] = {}
    facts: dict[str, Any] = {}
    epochs = list(bundle.epochs) if bundle is not None and choices.epochs else []
    sets: list[Mapping[int, Floats]] = []
    program = None
    settings: tuple[Setting, ...] = ()
    try:
        if choices.mode == "atlas":
            raise NotLiveError("an atlas was requested")
        program, settings = _program(reading)
        sets = [program.constants]
        if bundle is not None:
            epochs, sets = _epochs(bundle, _thinned(epochs, program, notes), program)
    except NotLiveError as error:
        if choices.mode == "live":
            raise NotLiveError(
                f"{reading.where}: found {error}, expected a decoder that a page can run; "
                "choose --mode atlas for a page with pictures that are decoded beforehand"
            ) from error
        reason = str(error)
        epochs = epochs[-1:] if bundle is not None else []
    look = None if choices.look is None else look_of(choices.look, reading.latent_dim)
    frame = frame_of(reading, bundle) if look is None else look.place.frame
    left_out: list[str] = []
    if look is not None:
        look, others = look.with_inputs_of(reading, settings)
        look, elsewhere = (look, "") if program is not None else look.on_its_plane()
        left_out = [words for words in (others, elsewhere) if words]
    if program is not None:
        precision = choices.precision
        if precision == "float16" and not all(map(fits_float16, sets)):
            precision = "float32"
            notes.append("The weights are float32, because float16 cannot hold them.")
        facts |= {"mode": "live", "program": program.as_json(), "precision": precision}
        facts["work"] = program.multiply_adds
        names = [f"weights-{epoch}" for epoch in epochs] or ["weights"]
        blocks |= dict(zip(names, weight_blocks(sets, precision), strict=True))
    else:
        atlas: Atlas = atlas_of(reading, frame, choices.atlas_count, choices.atlas_px)
        facts |= {"mode": "atlas", "atlas": atlas.facts, "reason": plain(reason)}
        cannot = "" if choices.mode == "atlas" else ", because the page cannot run this decoder: " + reason
        notes.append(f"The pictures are decoded beforehand{cannot}.")
    if bundle is not None:
        found = points_of(bundle, epochs, choices.points)
        if found is not None:
            facts["points"] = found[0]
            blocks |= found[1]
        if ENCODER_FILE in bundle.files:
            facts |= _encoder(bundle, choices.precision, blocks, notes)
            facts["ground"] = ground_of(bundle)
    notes += reading.input_notes(settings)
    name = plain(choices.name or reading.name)
    facts |= {
        "version": VERSION,
        "name": name,
        "image": dict(zip(("channels", "height", "width"), reading.image_shape, strict=True)),
        "latentDim": reading.latent_dim,
        "epochs": _elbos(bundle, epochs),
        "labels": [plain(label, 40) for label in (bundle.label_names if bundle else ())[:MOST_NAMES]],
        "levels": 2 if bundle is not None and bundle.manifest.get("levels", 2) == 2 else 256,
        "dataset": plain(_dataset(bundle)),
        "frame": frame.as_json(),
        "prior": reading.prior.as_json(),
        "facts": facts_of(bundle.manifest) if bundle is not None else reading.facts(settings),
        "inputs": reading.input_facts(settings),
        "settings": [setting.as_json() for setting in settings],
        "notes": [plain(note, 400) for note in notes],
    }
    if look is not None:
        facts |= look.facts(epochs, settings)
    return Content(f"{name} – Latent Plane", facts, blocks, tuple(notes), ", ".join(left_out))


def _program(reading: Reading) -> tuple[Program, tuple[Setting, ...]]:
    """The decoder as the page runs it, and as many of its settable inputs as the page can compute."""
    every = reading.settings
    if every:
        with suppress(NotLiveError):
            return decoder_program(reading, every), every
    program = decoder_program(reading)
    kept: list[Setting] = []
    for setting in every if len(every) > 1 else ():
        with suppress(NotLiveError):
            program = decoder_program(reading, [*kept, setting])
            kept.append(setting)
    return program, tuple(kept)


def decoder_program(reading: Reading, settings: Sequence[Setting] = ()) -> Program:
    """The decoder as the page runs it: flat z, and then `settings`, to [C, H, W] in [0, 1].

    Raises NotLiveError.
    """
    if math.prod(reading.image_shape) > MOST_LIVE_NUMBERS:
        raise NotLiveError(
            f"{math.prod(reading.image_shape):,} numbers a picture, more than {MOST_LIVE_NUMBERS:,}"
        )
    weights = sum(int(np.prod(tensor.dims)) for tensor in reading.model.graph.initializer)
    if weights > MOST_LIVE_WEIGHTS:
        raise NotLiveError(
            f"{weights / 1e6:.0f} million weights, more than {MOST_LIVE_WEIGHTS // 1_000_000} million"
        )
    program = lower(
        reading.model, RULES, reading.feeds(), reading.z_input, [reading.output], reading.add_picture_steps,
        settings,
    )  # fmt: skip
    if program.multiply_adds > MOST_LIVE_WORK:
        raise NotLiveError(
            f"{program.multiply_adds / 1e6:.0f} million multiply-adds for one picture, more than "
            f"{MOST_LIVE_WORK // 1_000_000} million"
        )
    return program


def _thinned(epochs: list[int], program: Program, notes: list[str]) -> list[int]:
    """As many epochs as have room for their weights in a page: evenly spaced, with the first and the last."""
    weights = sum(array.size for array in program.constants.values())
    most = max(2, MOST_WEIGHTS_OF_EPOCHS // max(1, weights))
    if len(epochs) <= most:
        return epochs
    notes.append(
        f"{most} of the bundle's {len(epochs)} epochs are in the page: more would make it too large."
    )
    return [epochs[round(index * (len(epochs) - 1) / (most - 1))] for index in range(most)]


def _epochs(
    bundle: Bundle, epochs: list[int], program: Program
) -> tuple[list[int], list[Mapping[int, Floats]]]:
    """The epochs whose decoders have the same steps as the last one, and their weights."""
    kept: list[int] = []
    sets: list[Mapping[int, Floats]] = []
    for epoch in epochs:
        one = bundle_reading(bundle, bundle.read(epoch_file(epoch, DECODER_FILE)))
        other = decoder_program(one)
        if other.as_json() == program.as_json():
            kept.append(epoch)
            sets.append(other.constants)
    return (kept, sets) if kept else ([], [program.constants])


def _encoder(bundle: Bundle, precision: str, blocks: dict[str, str], notes: list[str]) -> dict[str, Any]:
    """Add the encoder's block and return its facts; without both if the page cannot run it."""
    model = onnx.load_model_from_string(bundle.read(ENCODER_FILE))
    x = np.zeros((1, *bundle.image_shape), np.float32)
    try:
        program = lower(model, RULES, {"x": x}, "x", ["mean", "logvar"])
        if program.multiply_adds > MOST_LIVE_WORK * 4:
            raise NotLiveError(f"{program.multiply_adds / 1e6:.0f} million multiply-adds for one picture")
    except NotLiveError as error:
        notes.append(f"The encoder is not in the page, which cannot run it: {error}.")
        return {}
    kind = precision if fits_float16(program.constants) else "float32"
    blocks["encoder"] = weight_blocks([program.constants], kind)[0]
    return {"encoder": program.as_json(), "encoderPrecision": kind}


def _elbos(bundle: Bundle | None, epochs: list[int]) -> list[dict[str, Any]]:
    """The epochs in the page, with the test ELBO if the bundle has it."""
    known: dict[object, float] = {}
    lines = bundle.manifest.get("epochs") if bundle is not None else None
    for line in lines if isinstance(lines, list) else []:
        elbo = line.get("test_elbo_nats") if isinstance(line, dict) else None
        if isinstance(elbo, float) and math.isfinite(elbo) and isinstance(line.get("epoch"), int):
            known[line["epoch"]] = round(elbo, 2)
    return [{"epoch": epoch, "elbo": known.get(epoch)} for epoch in epochs]


def _dataset(bundle: Bundle | None) -> str:
    dataset = bundle.manifest.get("dataset") if bundle is not None else None
    return str(dataset.get("name", "")) if isinstance(dataset, dict) else ""
