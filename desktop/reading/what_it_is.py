"""Recognises graphs that are not decoders: encoders, picture filters, audio, features, recurrent networks.

Pure: this uses the file's facts and the shapes from one trial. A decoder takes few numbers that are not a
picture, and gives a picture with more numbers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from desktop.base.errors import ModelError
from desktop.reading.guess_layout import LayoutGuess
from desktop.reading.guess_z import Z_NAMES
from desktop.reading.other_inputs import OTHER_NAMES
from desktop.reading.overrides import Overrides
from desktop.reading.reading import Layout
from desktop.vetting.onnx_file import ModelFile, Tensor

IMAGE_NAMES = re.compile(
    r"image|picture|pixel|(^|[^a-z])(img|imgs|x_?hat|photo)([^a-z]|$)|recon", re.IGNORECASE
)
SCORE_NAMES = re.compile(r"logit|score|class|label|feature|embed|hidden|pool|prob", re.IGNORECASE)
AUDIO_NAMES = re.compile(r"audio|wav|speech|voice|sound|(^|[^a-z])(pcm|mfcc|mel)([^a-z]|$)", re.IGNORECASE)
STATE_NAMES = re.compile(
    r"(^|[^a-z])(h|c|h_?x|c_?x|h_?n|c_?n|hidden|states?|cell|carry)(_?(in|out|new|next|prev))?([^a-z]|$)",
    re.IGNORECASE,
)
MEAN_NAMES = re.compile(r"mean|(^|[^a-z])(mu|loc)([^a-z]|$)", re.IGNORECASE)
SPREAD_NAMES = re.compile(r"var|std|sigma|scale", re.IGNORECASE)
DECODER_FILES = re.compile(r"decod", re.IGNORECASE)
ENCODER_FILES = re.compile(r"encod", re.IGNORECASE)
GENERATOR_FILES = re.compile(
    r"decod|generat|gan([^a-z]|$)|vae([^a-z]|$)|(^|[^a-z])net_?g([^a-z]|$)", re.IGNORECASE
)
# Names of files with decoders of latent diffusion, whose pictures are larger than their z.
LATENT_FILES = re.compile(r"vae|vq|taesd|autoencod|first_?stage", re.IGNORECASE)
# Operators that enlarge maps, as decoders do.
ENLARGING = ("ConvTranspose", "Resize", "Upsample", "DepthToSpace")
PIXEL_RANGES = ("Sigmoid", "Tanh", "HardSigmoid", "Clip 0 1", "Clip -1 1", "Clip 0 255")
SCORES = ("Softmax", "LogSoftmax")
PICTURE_SIDE = 8  # smaller maps are not pictures
MANY = 64  # fewer numbers than this are not a flattened picture
WAVE = 2048  # a single axis at least this long is sound
SMOOTH = 1.3  # pictures with less `guess_layout.roughness` are smooth
SAFE_NAME = re.compile(r"\w[\w.:/-]{0,59}", re.ASCII)  # needs no quotes on a command line
MOST_UPSCALED = 8  # networks that enlarge pictures make each side at most this many times as long
MUCH_LARGER = 16  # evidence for a picture: so many times as many numbers as z
DECODER_PARTS = ("z-input", "latent-dim", "z-shape", "output", "layout", "image-shape")

Sizes = tuple[int | None, ...]


class LooksLike(StrEnum):
    """The kinds of graphs that are not decoders; the values are parts of sentences."""

    ENCODER = "an encoder"
    PICTURES_TO_PICTURES = "a network from pictures to pictures"
    AUDIO = "a model of audio"
    FEATURES = "a model that gives features or class scores"
    RECURRENCE = "one step of a recurrent network"


OR_SAY_Z = "or say which input is z if it is a decoder"
TO_DO = {
    LooksLike.ENCODER: f"open its decoder and choose this file as the encoder there, {OR_SAY_Z}",
    LooksLike.PICTURES_TO_PICTURES: f"export the part from z to the picture alone, {OR_SAY_Z}",
    LooksLike.AUDIO: "choose a decoder of pictures",
    LooksLike.FEATURES: "say the layout or the image shape if it is a picture",
    LooksLike.RECURRENCE: f"export the whole way from z to the picture, {OR_SAY_Z}",
}
# The kinds for which a person can still say which input is z.
WITH_Z = (LooksLike.ENCODER, LooksLike.PICTURES_TO_PICTURES, LooksLike.RECURRENCE)


class NotADecoderError(ModelError):
    """The graph is not a decoder; the text says what it looks like and what can be done.

    Attributes:
        looks_like: the kind of graph.
        z_input: the input that would be z.
    """

    def __init__(self, path: Path, kind: LooksLike, why: str, z_input: str) -> None:
        name = z_input if SAFE_NAME.fullmatch(z_input) else "NAME"
        hints = [f"z-input {name}"] * (kind in WITH_Z) + ["image-shape C,H,W"] * (kind is LooksLike.FEATURES)
        super().__init__(f"{path}: this looks like {kind.value}: {why}; {TO_DO[kind]}", hints=hints)
        self.looks_like = kind
        self.z_input = z_input


@dataclass(frozen=True)
class TrialFacts:
    """The facts about a graph after a trial.

    Attributes:
        file: the graph.
        z: the input that would be z.
        z_sizes: the sizes of z after the batch axis, None for those that the graph leaves open.
        outputs: the sizes of each output after the batch axis.
        picture: the output that would be the picture, or None if no output can be one.
        guess: the layout of these pictures.
        roughness: their `guess_layout.roughness`; infinite if the pictures are constant.
    """

    file: ModelFile
    z: Tensor
    z_sizes: Sizes
    outputs: Mapping[str, Sizes]
    picture: str | None = None
    guess: LayoutGuess | None = None
    roughness: float = float("inf")


@dataclass(frozen=True)
class Verdict:
    """What a graph looks like, and why; `looks_like` is None for an unusual decoder."""

    looks_like: LooksLike | None
    why: str


def what_it_is(tried: TrialFacts) -> Verdict | None:
    """What a graph looks like; None for an ordinary decoder."""
    return _recurrence(tried) or _audio(tried) or _from_pictures(tried) or _features(tried) or _smaller(tried)


def notes_of(tried: TrialFacts, overrides: Overrides) -> tuple[str, ...]:
    """Notes for people about a graph that is unlikely to be a decoder.

    Raises NotADecoderError if it is something else, unless a person has set a part of the decoder's reading.
    """
    verdict = what_it_is(tried)
    if verdict is None:
        return ()
    if verdict.looks_like is None:
        return (f"{verdict.why}, which is unusual for a decoder",)
    if not any(part in overrides for part in DECODER_PARTS):
        raise NotADecoderError(tried.file.path, verdict.looks_like, verdict.why, tried.z.name)
    return (f"this looks like {verdict.looks_like.value}: {verdict.why}",)


def _recurrence(tried: TrialFacts) -> Verdict | None:
    """A recurrent network: states are both inputs and outputs."""
    states = [t for t in tried.file.inputs if STATE_NAMES.search(t.name)]
    out = [t for t in tried.file.outputs if STATE_NAMES.search(t.name)]
    carried = [t.name for t in states if any(_alike(t, o) for o in out)]
    if not carried or (tried.picture not in {None, *(t.name for t in out)} and tried.z.name not in carried):
        return None
    why = f"its states {', '.join(carried)[:80]} go in and come out again"
    return Verdict(LooksLike.RECURRENCE, why)


def _audio(tried: TrialFacts) -> Verdict | None:
    """A model of audio: a wave is its input or output, by name or as one long axis beside an axis of 1."""
    if _is_wave(tried.z_sizes) or (AUDIO_NAMES.search(tried.z.name) and not _has_z_name(tried)):
        return Verdict(LooksLike.AUDIO, f"it takes {tried.z.in_words()}")
    if tried.guess is not None and not _is_flat(tried.guess):
        return None
    waves = [
        name
        for name, sizes in tried.outputs.items()
        if AUDIO_NAMES.search(name) or (_is_wave(sizes) and not IMAGE_NAMES.search(name))
    ]
    return Verdict(LooksLike.AUDIO, f"it gives {_in_words(tried, waves)}") if waves else None


def _from_pictures(tried: TrialFacts) -> Verdict | None:
    """An encoder, whose output has fewer numbers than the picture, or a filter, whose output is a picture."""
    given = {name: _count(sizes) for name, sizes in tried.outputs.items()}
    taken = _count(tried.z_sizes)
    why = f"it takes {tried.z.in_words()} and gives {_in_words(tried, list(given))}"
    is_flat = tried.guess is None or _is_flat(tried.guess)
    mean, spread = (any(p.search(n) for n in given) for p in (MEAN_NAMES, SPREAD_NAMES))
    if is_flat and mean and spread and max(given.values(), default=0) < (taken or MANY):
        return Verdict(LooksLike.ENCODER, why)
    if _is_decoder_by_name(tried):
        return None
    if _grows_like_a_decoder(tried):
        return Verdict(None, f"it takes {tried.z.in_words()}, the shape of a picture")
    takes_picture = _is_picture(tried.z_sizes) or bool(IMAGE_NAMES.search(tried.z.name))
    largest = given.get(tried.picture or "", max(given.values(), default=0))
    if takes_picture and largest and (largest < taken or not taken):
        return Verdict(LooksLike.ENCODER, why)
    if tried.picture is None and len(tried.z_sizes) == 1 and taken >= MANY and 0 < 4 * largest <= taken:
        return Verdict(LooksLike.ENCODER, why)  # an encoder of flat pictures
    is_whole = taken >= MANY and tried.outputs.get(tried.picture or "") == tried.z_sizes
    if (takes_picture and largest) or is_whole:
        more = "a whole autoencoder or a filter" if largest == taken else "one that enlarges them"
        return Verdict(LooksLike.PICTURES_TO_PICTURES, f"{why}, perhaps {more}")
    return None


def _features(tried: TrialFacts) -> Verdict | None:
    """A model of features: its output is flat, and has a square number of features only by chance."""
    if tried.picture is None or tried.guess is None or not _is_flat(tried.guess):
        return None
    name, maker = tried.picture, tried.file.makers.get(tried.picture, "")
    taken, given = _count(tried.z_sizes), _count(tried.outputs[tried.picture])
    if IMAGE_NAMES.search(name) or "latent_plane.format" in tried.file.metadata:
        return None
    evidence = (
        GENERATOR_FILES.search(tried.file.path.stem),
        tried.roughness < SMOOTH,
        any(operator in tried.file.operators for operator in ENLARGING),
        maker in PIXEL_RANGES and given >= MUCH_LARGER * max(taken, 1) and given >= 28 * 28,
    )
    if maker not in SCORES and not SCORE_NAMES.search(name) and given >= taken and any(evidence):
        return None
    why = f"{name[:60]} is {given:,} numbers without rows and columns, a picture's size only by chance"
    return Verdict(LooksLike.FEATURES, why)


def _smaller(tried: TrialFacts) -> Verdict | None:
    """An unusual decoder: its picture has fewer numbers than z."""
    if tried.picture is None:
        return None
    taken, given = _count(tried.z_sizes), _count(tried.outputs[tried.picture])
    if not 0 < given < taken:
        return None
    why = f"its pictures have fewer numbers ({given:,}) than z ({taken:,})"
    return Verdict(None, why)


def _has_z_name(tried: TrialFacts) -> bool:
    name = tried.z.name
    return bool(Z_NAMES.search(name)) and not OTHER_NAMES.search(name) and not IMAGE_NAMES.search(name)


def _is_decoder_by_name(tried: TrialFacts) -> bool:
    stem = tried.file.path.stem
    return _has_z_name(tried) or bool(DECODER_FILES.search(stem) and not ENCODER_FILES.search(stem))


def _grows_like_a_decoder(tried: TrialFacts) -> bool:
    """Whether maps of 1 or 3 channels are z, rather than a picture that a network enlarges.

    Networks that enlarge pictures keep the number of channels, and enlarge less than some decoders do. If
    neither decides, only the file's name can: three channels at a quarter of the size may be a VQ decoder's z
    or a picture to enlarge.
    """
    if tried.guess is None or _is_flat(tried.guess) or IMAGE_NAMES.search(tried.z.name):
        return False
    channels, height, width = tried.guess.image_shape
    for taken, sides in _as_pictures(tried.z_sizes):
        factor = height // (sides[0] or height)
        if factor > 1 and all(
            size is not None and factor * size == side
            for size, side in zip(sides, (height, width), strict=True)
        ):
            is_named = bool(LATENT_FILES.search(tried.file.path.stem))
            return channels > taken or factor > MOST_UPSCALED or is_named
    return False


def _is_picture(sizes: Sizes) -> bool:
    """Whether these are the sizes of a grey or colour picture, with its channels first or last."""
    return any(
        all(side is None or side >= PICTURE_SIDE for side in sides) for _, sides in _as_pictures(sizes)
    )


def _as_pictures(sizes: Sizes) -> list[tuple[int, Sizes]]:
    """The ways to read sizes as a grey or colour picture: the channels, first or last, and the sides."""
    if len(sizes) != 3:
        return []
    ways = ((sizes[0], sizes[1:]), (sizes[2], sizes[:2]))
    return [(channels, sides) for channels, sides in ways if channels in (1, 3)]


def _is_wave(sizes: Sizes) -> bool:
    return len(sizes) == 2 and 1 in sizes and _count(sizes) >= WAVE


def _is_flat(guess: LayoutGuess) -> bool:
    return guess.layout in (Layout.FLAT, Layout.FLAT_CHW)


def _alike(tensor: Tensor, other: Tensor) -> bool:
    if tensor.shape is None or other.shape is None or len(tensor.shape) != len(other.shape):
        return False
    pairs = zip(tensor.shape, other.shape, strict=True)
    return all(a == b or not (isinstance(a, int) and isinstance(b, int)) for a, b in pairs)


def _count(sizes: Sizes) -> int:
    """The product of the sizes; 0 if one is not known."""
    count = 1
    for size in sizes:
        count *= size or 0
    return count


def _in_words(tried: TrialFacts, names: list[str]) -> str:
    def one(name: str) -> str:
        return f"{name[:60]} [{' × '.join(str(size or '?') for size in tried.outputs[name])}]"

    return " and ".join(map(one, names[:3])) + (" and more" if len(names) > 3 else "")


def no_reading(file: ModelFile, why: str) -> ModelError:
    """The error for a file without a reading: the reason, and all inputs and outputs."""
    inputs = ", ".join(tensor.in_words() for tensor in file.inputs) or "none"
    outputs = ", ".join(tensor.in_words() for tensor in file.outputs)
    return ModelError(
        f"{file.path}: this cannot be read as a decoder: {why}; its inputs are {inputs[:200]}; "
        f"its outputs are {outputs[:200]}; if it is a decoder, say which input is z, or which output is the "
        "picture and in which layout",
        hints=("z-input NAME", "output NAME", "layout NAME", "image-shape C,H,W"),
    )
