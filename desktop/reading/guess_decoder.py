"""Guess a decoder's reading from its inputs, outputs, names, types and a few trial decodes. No ONNX Runtime.

A part that the file determines is certain. A part that only names, sizes or values suggest is a guess, and
`Reading.guesses` names it. Overrides take precedence over both.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from desktop.base.arrays import Array, Floats
from desktop.base.errors import ModelError
from desktop.latent.plane import sample_prior
from desktop.reading import guess_layout, tensors
from desktop.reading.guess_prior import guess_prior
from desktop.reading.overrides import (
    LAYOUTS,
    RANGES,
    SET,
    Overrides,
    image_shape_of,
    number_of,
    one_of,
    refusal,
    whole_number,
    z_shape_of,
)
from desktop.reading.reading import Layout, OtherInput, Reading, ValueRange
from desktop.vetting.onnx_file import ModelFile, Tensor
from desktop.vetting.trial import DTYPES, TrialEndedError

Run = Callable[[Mapping[str, Array], list[str]], dict[str, Array]]

MAX_LATENT_DIM = 1 << 16
FLOATS = ("float16", "float32", "float64")
Z_NAMES = re.compile(r"(^|[^a-z])(z|latents?|code|w|ws|styles?|embedding|h)([^a-z]|$)|latent", re.IGNORECASE)
OTHER_NAMES = re.compile(
    r"trunc|psi|label|class|cond|(^|[^a-z])[cy]([^a-z]|$)|temper|noise|train|mask|step|scale|sigma|strength|guid",
    re.IGNORECASE,
)
CLASS_NAMES = re.compile(r"label|class|cond|one.?hot|(^|[^a-z])[cy]([^a-z]|$)", re.IGNORECASE)
ONE_NAMES = re.compile(r"trunc|psi|temper|scale|strength|guid", re.IGNORECASE)
# If a model leaves d open, these are tried first.
USUAL_DIMS = (2, 3, 4, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 512, 1024)
# The same for z as maps, with d = channels × side × side.
USUAL_SIDES = (8, 16, 4, 32, 64, 7, 1, 2, 3, 5, 6)
FREE_BATCH = 3  # in a shape this number rarely means anything else
OWN_FORMAT = "latent-plane/1"
FIELDS = {
    "z-input": "z_input",
    "latent-dim": "latent_dim",
    "z-shape": "latent_dim",
    "batch": "batch",
    "output": "output",
    "layout": "layout",
    "image-shape": "image_shape",
    "range": "value_range",
    "prior": "prior",
}


@dataclass(frozen=True)
class _Input:
    """The input of z as the graph declares it. `latent_dim` is None if the graph leaves it open."""

    tensor: Tensor
    shape: tuple[int | None, ...]
    latent_dim: int | None
    batch: int | None


def propose(file: ModelFile, run: Run, overrides: Overrides, is_slow: bool = False) -> Reading:
    """Propose a reading of a decoder. `run` gives the named outputs for some feeds.

    A decoder that `is_slow` runs once, with one z.

    Raises ModelError if no reading is found or an override does not fit.
    """
    guesses: set[str] = set()
    for tensor in file.inputs:
        if tensor.dtype not in DTYPES:
            raise _no_reading(file, f"its input {tensor.name} takes {tensor.dtype}, expected numbers")
    chosen = _z_input(file, overrides, guesses)
    others = tuple(
        other_input(tensor, chosen.batch, overrides)
        for tensor in file.inputs
        if tensor.name != chosen.tensor.name
    )
    if others:
        guesses.add("other_inputs")
    draft = Reading(
        z_input=chosen.tensor.name,
        z_dtype=chosen.tensor.dtype,
        z_shape=chosen.shape,
        latent_dim=chosen.latent_dim or 0,
        batch=chosen.batch,
        other_inputs=others,
        output="",
        output_dtype="",
        layout=Layout.NCHW,
        image_shape=(1, 1, 1),
        value_range=ValueRange.UNIT,
        prior=guess_prior(file, chosen.tensor.name, overrides, guesses),
    )
    outputs = _picture_outputs(file, overrides)
    # A slow decoder gets one z, once: batches would gain nothing, and each further run would be waited for.
    batches = (chosen.batch,) if chosen.batch is not None else (1,) if is_slow else (None, 1)
    draft, results = _first_decode(run, draft, chosen, batches, outputs, guesses, overrides)
    for name in outputs:
        _check_declared(file, name, results[name])
    return _read_output(file, None if is_slow else run, draft, results, overrides, guesses)


def _z_input(file: ModelFile, overrides: Overrides, guesses: set[str]) -> _Input:
    by_name = {tensor.name: tensor for tensor in file.inputs}
    name = one_of(overrides, "z-input", by_name)
    if not by_name:
        raise _no_reading(file, "it has no inputs, expected one for z")
    floats = [tensor for tensor in file.inputs if tensor.dtype in FLOATS and _sizes(tensor) is not None]
    if name is not None:
        if by_name[name] not in floats:
            raise refusal("z-input", by_name[name].in_words(), "float [N, d] or [d]")
        tensor = by_name[name]
    else:
        if not floats:
            raise _no_reading(file, "it has no input of type float [N, d] or [d], which z needs")
        # The name decides first, then fewer axes, because a map may be noise, then more numbers.
        tensor = max(floats, key=lambda t: (_fits_by_name(t), -len(t.shape or ()), _count(t)))
        if len(floats) > 1 and sum(_fits_by_name(t) == _fits_by_name(tensor) for t in floats) > 1:
            guesses.add("z_input")
    sizes = _sizes(tensor)
    assert sizes is not None
    shape, batch = _with_set_sizes(tensor, sizes[0], overrides), sizes[1]
    open_axes = _open_axes(shape)
    latent_dim = whole_number(overrides, "latent-dim", MAX_LATENT_DIM)
    declared = None if open_axes else int(np.prod([size for size in shape if size is not None]))
    if declared is not None and not 1 <= declared <= MAX_LATENT_DIM:
        raise _no_reading(file, f"its input {tensor.in_words()} takes {declared:,} numbers per picture")
    if declared is not None and latent_dim not in (None, declared):
        raise refusal("latent-dim", latent_dim, f"{declared}, as the model declares")
    set_batch = whole_number(overrides, "batch", 4096)
    if set_batch is not None and batch not in (None, set_batch):
        raise refusal("batch", set_batch, f"{batch}, as the model declares")
    return _Input(tensor, shape, declared or latent_dim, batch if set_batch is None else set_batch)


def _sizes(tensor: Tensor) -> tuple[tuple[int | None, ...], int | None] | None:
    """The input's shape, with None for the batch axis and for open sizes, and its fixed batch size.

    None if it cannot be the input of z.
    """
    if not tensor.shape:
        return None
    numbers = tuple(size if isinstance(size, int) else None for size in tensor.shape)
    if len(numbers) == 1:
        return numbers, 1  # one z at a time, without a batch axis
    return (None, *numbers[1:]), numbers[0]


def _with_set_sizes(
    tensor: Tensor, shape: tuple[int | None, ...], overrides: Overrides
) -> tuple[int | None, ...]:
    """The shape with the overrides' sizes where the model leaves them open."""
    sizes = z_shape_of(overrides)
    if sizes is None:
        return shape
    declared = shape if len(shape) == 1 else shape[1:]
    if len(sizes) != len(declared) or any(
        size not in (None, there) for size, there in zip(declared, sizes, strict=True)
    ):
        raise refusal("z-shape", repr(overrides["z-shape"]), f"sizes that fit {tensor.in_words()}")
    return sizes if len(shape) == 1 else (None, *sizes)


def other_input(tensor: Tensor, batch: int | None, overrides: Overrides) -> OtherInput:
    """How to fill an input that takes neither z nor the encoder's picture.

    Raises ModelError if the value that was set for it does not fit.
    """
    declared = tensor.shape or ()
    shape: list[int | None] = [size if isinstance(size, int) else 1 for size in declared]
    if declared and (not isinstance(declared[0], int) or (len(declared) > 1 and declared[0] == batch)):
        shape[0] = None
    last = declared[-1] if len(declared) > 1 else None
    one_hot = bool(CLASS_NAMES.search(tensor.name)) and isinstance(last, int) and last > 1
    value = 1.0 if ONE_NAMES.search(tensor.name) and tensor.dtype in FLOATS else 0.0
    option = SET + tensor.name
    if option in overrides:
        value = number_of(overrides, option)
        most = last - 1 if one_hot and isinstance(last, int) else None
        whole = one_hot or tensor.dtype not in FLOATS
        if whole and (value != int(value) or value < 0 or (most is not None and value > most)):
            expected = f"a whole number from 0{f' to {most}' if most is not None else ''}"
            raise refusal(option, overrides[option], expected)
    return OtherInput(tensor.name, tensor.dtype, tuple(shape), value, one_hot)


def check_set(overrides: Overrides, others: Sequence[OtherInput]) -> None:
    """Raise ModelError if a value was set for an input that does not exist."""
    names = {SET + other.name for other in others}
    for option in overrides:
        if option.startswith(SET) and option not in names:
            known = ", ".join(dict.fromkeys(o.name for o in others))
            expected = f"an input such as {known}" if known else "none, because z is the only input"
            raise ModelError(
                f"found a value for an input {option.removeprefix(SET)!r}, expected {expected}", option="set"
            )


def _picture_outputs(file: ModelFile, overrides: Overrides) -> list[str]:
    by_name = {tensor.name: tensor for tensor in file.outputs}
    name = one_of(overrides, "output", by_name)
    if name is not None:
        if by_name[name].dtype not in DTYPES:
            raise refusal("output", by_name[name].in_words(), "numbers")
        return [name]
    names = [tensor.name for tensor in file.outputs if tensor.dtype in (*FLOATS, "uint8")]
    if not names:
        raise _no_reading(file, "it has no output whose numbers could be a picture")
    return names


def _first_decode(
    run: Run,
    draft: Reading,
    chosen: _Input,
    batches: Sequence[int | None],
    outputs: list[str],
    guesses: set[str],
    overrides: Overrides,
) -> tuple[Reading, dict[str, Array]]:
    """The draft with d and batch filled in, and the outputs at a few z."""
    last_error: ModelError | None = None
    without_pictures: tuple[Reading, dict[str, Array]] | None = None
    for latent_dim in _dims_to_try(chosen):
        for batch in batches:
            filled = _with_dim(draft, latent_dim, batch)
            if filled is None:
                continue
            try:
                results = run(tensors.feeds(filled, trial_z(filled)), outputs)
            except TrialEndedError:  # no other size can be tried
                if without_pictures is not None:
                    return without_pictures
                raise
            except ModelError as error:
                last_error = last_error or error
                continue
            if chosen.latent_dim is None and not _any_picture(results, filled, overrides):
                # The graph ran at this size only by chance: another size may give a picture.
                without_pictures = without_pictures or (filled, results)
                continue
            if chosen.latent_dim is None:
                guesses.add("latent_dim")
            if batch not in (chosen.batch, batches[0]):
                guesses.add("batch")
            return filled, results
    if without_pictures is not None:
        return without_pictures
    if last_error is None:
        raise refusal("latent-dim", chosen.latent_dim, f"one that fits {chosen.tensor.in_words()}")
    raise last_error


def _any_picture(results: Mapping[str, Array], draft: Reading, overrides: Overrides) -> bool:
    layout = LAYOUTS.get(overrides.get("layout", ""))
    shape, count = image_shape_of(overrides), len(trial_z(draft))
    return any(guess_layout.guess_layout(a, count, shape, layout) for a in results.values())


def _dims_to_try(chosen: _Input) -> Iterator[int]:
    """The declared d, or else the usual ones for this number of open axes."""
    if chosen.latent_dim is not None:
        yield chosen.latent_dim
    elif len(_open_axes(chosen.shape)) == 1:
        yield from USUAL_DIMS
        yield from (dim for dim in range(1, 513) if dim not in USUAL_DIMS)
    else:
        yield from (_known(chosen.shape) * side**2 for side in USUAL_SIDES)


def _open_axes(shape: tuple[int | None, ...]) -> list[int]:
    """The axes after the batch axis that the model leaves open. A shape of one axis has no batch axis."""
    return [index for index, size in enumerate(shape) if size is None and (index or len(shape) == 1)]


def _known(shape: tuple[int | None, ...]) -> int:
    return int(np.prod([size for size in shape if size is not None]))


def _with_dim(draft: Reading, latent_dim: int, batch: int | None) -> Reading | None:
    """The draft with d numbers in z's open axes, split evenly if there are several; None if that fails."""
    shape, axes = list(draft.z_shape), _open_axes(draft.z_shape)
    if axes:
        side = round((latent_dim / _known(draft.z_shape)) ** (1 / len(axes)))
        for axis in axes:
            shape[axis] = side
    if _known(tuple(shape)) != latent_dim:
        return None
    return replace(draft, z_shape=tuple(shape), latent_dim=latent_dim, batch=batch)


def trial_z(reading: Reading) -> Floats:
    """A few z float32 [N, d] to try a decoder with: samples, and first of several the prior's mean.

    The prior's mean alone would tell little: a decoder that normalises z divides 0 by 0 there.
    """
    count = FREE_BATCH if reading.batch is None else reading.batch
    z = sample_prior(count, reading.latent_dim, 0, reading.prior)
    if count > 1:
        z[0] = 0
    return z


def _check_declared(file: ModelFile, name: str, found: Array) -> None:
    declared = next(tensor.shape for tensor in file.outputs if tensor.name == name)
    if declared is None:
        return
    numbers = [size if isinstance(size, int) else None for size in declared]
    fits = len(numbers) == found.ndim and all(
        size in (None, there) for size, there in zip(numbers, found.shape, strict=True)
    )
    if not fits:
        raise ModelError(
            f"{file.path}: found an output {name} of shape {list(found.shape)}, expected "
            f"{['any' if size is None else size for size in numbers]}, as the model declares; export it again"
        )


def _read_output(
    file: ModelFile,
    run: Run | None,
    draft: Reading,
    results: Mapping[str, Array],
    overrides: Overrides,
    guesses: set[str],
) -> Reading:
    count = len(trial_z(draft))
    shape = image_shape_of(overrides)
    layout = one_of(overrides, "layout", LAYOUTS)
    fits = {
        name: guess
        for name, array in results.items()
        if (guess := guess_layout.guess_layout(array, count, shape, LAYOUTS.get(layout or "")))
    }
    if not fits:
        found = ", ".join(f"{name} {list(array.shape)}" for name, array in results.items())
        parts = ("layout", "image-shape")
        asked = " and ".join(
            f"{part.replace('-', ' ')} {overrides[part]}" for part in parts if part in overrides
        )
        raise _no_reading(
            file, f"no output is a picture{f' with {asked}' if asked else ''}: found {found} for {count} z"
        )
    # Of several pictures the largest is taken: the others are steps on the way to it.
    name = max(fits, key=lambda output: np.prod(fits[output].image_shape))
    if len(fits) > 1 and "output" not in overrides:
        guesses.add("output")
    guess = fits[name]
    guesses |= guess.guesses
    array = results[name]
    if np.issubdtype(array.dtype, np.floating) and np.isnan(array).all():
        raise ModelError(f"{file.path}: found only NaN in its pictures, expected numbers")
    value_range = one_of(overrides, "range", RANGES)
    if value_range is not None:
        kind = RANGES[value_range]
    else:
        more = [array]
        if (
            run is not None
            and array.dtype != np.uint8
            and not guess_layout.is_sure(file.makers.get(name, ""))
        ):
            wide = tensors.feeds(draft, 2 * trial_z(draft))
            more.append(run(wide, [name])[name])
        kind, sure = guess_layout.guess_range(file.makers.get(name, ""), more)
        if not sure:
            guesses.add("value_range")
    reading = replace(
        draft,
        output=name,
        output_dtype=str(array.dtype),
        layout=guess.layout,
        image_shape=guess.image_shape,
        value_range=kind,
    )
    return replace(reading, guesses=frozenset(_left(guesses, overrides, file, draft.other_inputs)))


def _left(guesses: set[str], overrides: Overrides, file: ModelFile, others: Sequence[OtherInput]) -> set[str]:
    """The guesses that no override has settled; none for a decoder that this program exported."""
    if file.metadata.get("latent_plane.format") == OWN_FORMAT:
        return set()
    settled = {FIELDS[option] for option in overrides if option in FIELDS}
    if all(SET + other.name in overrides for other in others):
        settled.add("other_inputs")
    return guesses - settled


def _fits_by_name(tensor: Tensor) -> int:
    if OTHER_NAMES.search(tensor.name):
        return 0
    return 2 if Z_NAMES.search(tensor.name) else 1


def _count(tensor: Tensor) -> int:
    return int(np.prod([size for size in (tensor.shape or ())[1:] if isinstance(size, int)]))


def _no_reading(file: ModelFile, why: str) -> ModelError:
    inputs = ", ".join(tensor.in_words() for tensor in file.inputs) or "none"
    outputs = ", ".join(tensor.in_words() for tensor in file.outputs)
    return ModelError(
        f"{file.path}: this cannot be read as a decoder: {why}; its inputs are {inputs[:200]}; "
        f"its outputs are {outputs[:200]}; if it is a decoder, say which input is z, or which output is the "
        "picture and in which layout",
        hints=("z-input NAME", "output NAME", "layout NAME", "image-shape C,H,W"),
    )
