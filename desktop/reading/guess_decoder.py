"""A decoder's reading, from its inputs, outputs, names, types and a few trial decodes. No ONNX Runtime.

What the file itself settles is certain; what only names, sizes or values suggest is a guess, and named in
`Reading.guesses`. Whatever people want goes before both.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from desktop.base.arrays import Array, Floats
from desktop.base.errors import ModelError
from desktop.reading import guess_layout, overrides, tensors
from desktop.reading.overrides import SET, Wanted
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
# Where a model leaves d open, these are tried first.
USUAL_DIMS = (2, 3, 4, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 512, 1024)
# The same for maps of d = channels × side × side numbers.
USUAL_SIDES = (8, 16, 4, 32, 64, 7, 1, 2, 3, 5, 6)
FREE_BATCH = 3  # a number that is rarely anything else in a shape
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
}


@dataclass(frozen=True)
class _Input:
    """z's input as far as its declaration goes; `latent_dim` None where that is left open."""

    tensor: Tensor
    shape: tuple[int | None, ...]
    latent_dim: int | None
    batch: int | None


def propose(file: ModelFile, run: Run, wishes: Wanted) -> Reading:
    """The reading of a decoder. `run` decodes feeds to the outputs that are named.

    Raises ModelError where there is no reading, or a wish does not fit, saying what was found.
    """
    guesses: set[str] = set()
    for tensor in file.inputs:
        if tensor.dtype not in DTYPES:
            raise _no_reading(file, f"the input {tensor.name} takes {tensor.dtype}, expected numbers")
    chosen = _z_input(file, wishes, guesses)
    others = tuple(
        other_input(tensor, chosen.batch, wishes)
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
    )
    outputs = _picture_outputs(file, wishes)
    draft, results = _first_decode(run, draft, chosen, outputs, guesses, wishes)
    for name in outputs:
        _check_declared(file, name, results[name])
    return _read_output(file, run, draft, results, wishes, guesses)


def _z_input(file: ModelFile, wishes: Wanted, guesses: set[str]) -> _Input:
    by_name = {tensor.name: tensor for tensor in file.inputs}
    name = overrides.one_of(wishes, "z-input", by_name)
    if not by_name:
        raise _no_reading(file, "it takes nothing, expected an input for z")
    floats = [tensor for tensor in file.inputs if tensor.dtype in FLOATS and _sizes(tensor) is not None]
    if name is not None:
        if by_name[name] not in floats:
            raise ModelError(f"--z-input: found {by_name[name].in_words()}, expected float [N, d] or [d]")
        tensor = by_name[name]
    else:
        if not floats:
            raise _no_reading(file, "no input takes float [N, d] or [d], as z would be")
        # By name first; of several the one with the most numbers behind the batch axis, but no noise map.
        tensor = max(floats, key=lambda t: (_fits_by_name(t), -len(t.shape or ()), _count(t)))
        if len(floats) > 1 and sum(_fits_by_name(t) == _fits_by_name(tensor) for t in floats) > 1:
            guesses.add("z_input")
    sizes = _sizes(tensor)
    assert sizes is not None
    shape, batch = _with_wished_sizes(tensor, sizes[0], wishes), sizes[1]
    open_axes = _open_axes(shape)
    latent_dim = overrides.whole_number(wishes, "latent-dim", MAX_LATENT_DIM)
    declared = None if open_axes else int(np.prod([size for size in shape if size is not None]))
    if declared is not None and not 1 <= declared <= MAX_LATENT_DIM:
        raise _no_reading(file, f"the input {tensor.in_words()} holds {declared:,} numbers a picture")
    if declared is not None and latent_dim not in (None, declared):
        raise ModelError(f"--latent-dim: found {latent_dim}, expected {declared} as the model says")
    wish = overrides.whole_number(wishes, "batch", 4096)
    if wish is not None and batch not in (None, wish):
        raise ModelError(f"--batch: found {wish}, expected {batch} as the model says")
    return _Input(tensor, shape, declared or latent_dim, batch if wish is None else wish)


def _sizes(tensor: Tensor) -> tuple[tuple[int | None, ...], int | None] | None:
    """Its shape with None for the batch axis and for what is open, and its fixed batch; None: not z's."""
    if not tensor.shape:
        return None
    numbers = tuple(size if isinstance(size, int) else None for size in tensor.shape)
    if len(numbers) == 1:
        return numbers, 1  # one z at a time, without a batch axis
    return (None, *numbers[1:]), numbers[0]


def _with_wished_sizes(
    tensor: Tensor, shape: tuple[int | None, ...], wishes: Wanted
) -> tuple[int | None, ...]:
    """With the sizes that people want where the model leaves them open."""
    wish = overrides.z_shape(wishes)
    if wish is None:
        return shape
    behind = shape if len(shape) == 1 else shape[1:]
    if len(wish) != len(behind) or any(
        size not in (None, there) for size, there in zip(behind, wish, strict=True)
    ):
        raise ModelError(f"--z-shape: found {wishes['z-shape']!r}, expected what fits {tensor.in_words()}")
    return wish if len(shape) == 1 else (None, *wish)


def other_input(tensor: Tensor, batch: int | None, wishes: Wanted) -> OtherInput:
    """What an input gets that is not z, or not the encoder's picture. Raises ModelError for a bad wish."""
    declared = tensor.shape or ()
    shape: list[int | None] = [size if isinstance(size, int) else 1 for size in declared]
    if declared and (not isinstance(declared[0], int) or (len(declared) > 1 and declared[0] == batch)):
        shape[0] = None
    last = declared[-1] if len(declared) > 1 else None
    one_hot = bool(CLASS_NAMES.search(tensor.name)) and isinstance(last, int) and last > 1
    value = 1.0 if ONE_NAMES.search(tensor.name) and tensor.dtype in FLOATS else 0.0
    option = SET + tensor.name
    if option in wishes:
        value = overrides.number(wishes[option], f"set {tensor.name}=")
        most = last - 1 if one_hot and isinstance(last, int) else None
        whole = one_hot or tensor.dtype not in FLOATS
        if whole and (value != int(value) or value < 0 or (most is not None and value > most)):
            expected = f"a whole number from 0{f' to {most}' if most is not None else ''}"
            raise ModelError(f"--set {tensor.name}=: found {wishes[option]}, expected {expected}")
    return OtherInput(tensor.name, tensor.dtype, tuple(shape), value, one_hot)


def check_set(wishes: Wanted, others: Sequence[OtherInput]) -> None:
    """Raise ModelError where a value was set for an input that there is not."""
    names = {SET + other.name for other in others}
    for option in wishes:
        if option.startswith(SET) and option not in names:
            known = ", ".join(dict.fromkeys(o.name for o in others)) or "none: z is the only input"
            raise ModelError(f"--set: found {option.removeprefix(SET)!r}, expected one of {known}")


def _picture_outputs(file: ModelFile, wishes: Wanted) -> list[str]:
    by_name = {tensor.name: tensor for tensor in file.outputs}
    name = overrides.one_of(wishes, "output", by_name)
    if name is not None:
        if by_name[name].dtype not in DTYPES:
            raise ModelError(f"--output: found {by_name[name].in_words()}, expected numbers")
        return [name]
    names = [tensor.name for tensor in file.outputs if tensor.dtype in (*FLOATS, "uint8")]
    if not names:
        raise _no_reading(file, "no output gives numbers that could be a picture")
    return names


def _first_decode(
    run: Run, draft: Reading, chosen: _Input, outputs: list[str], guesses: set[str], wishes: Wanted
) -> tuple[Reading, dict[str, Array]]:
    """The draft with d and batch settled, and what the outputs are at a few z."""
    last_error: ModelError | None = None
    without_pictures: tuple[Reading, dict[str, Array]] | None = None
    for latent_dim in _dims_to_try(chosen):
        for batch in (chosen.batch,) if chosen.batch is not None else (None, 1):
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
            if chosen.latent_dim is None and not _any_picture(results, filled, wishes):
                # Numbers that only happen to be cut into something: another size may fit.
                without_pictures = without_pictures or (filled, results)
                continue
            if chosen.latent_dim is None:
                guesses.add("latent_dim")
            if batch != chosen.batch:
                guesses.add("batch")
            return filled, results
    if without_pictures is not None:
        return without_pictures
    if last_error is None:
        raise ModelError(
            f"--latent-dim: found {chosen.latent_dim}, expected what fits {chosen.tensor.in_words()}"
        )
    raise last_error


def _any_picture(results: Mapping[str, Array], draft: Reading, wishes: Wanted) -> bool:
    layout = overrides.LAYOUTS.get(wishes.get("layout", ""))
    shape, count = overrides.image_shape(wishes), len(trial_z(draft))
    return any(guess_layout.guess_layout(a, count, shape, layout) for a in results.values())


def _dims_to_try(chosen: _Input) -> Iterator[int]:
    """d, where the model says it, else what is usual for as many open axes."""
    if chosen.latent_dim is not None:
        yield chosen.latent_dim
    elif len(_open_axes(chosen.shape)) == 1:
        yield from USUAL_DIMS
        yield from (dim for dim in range(1, 513) if dim not in USUAL_DIMS)
    else:
        yield from (_known(chosen.shape) * side**2 for side in USUAL_SIDES)


def _open_axes(shape: tuple[int | None, ...]) -> list[int]:
    """The axes behind the batch axis that the model leaves open; a single axis is no batch axis."""
    return [index for index, size in enumerate(shape) if size is None and (index or len(shape) == 1)]


def _known(shape: tuple[int | None, ...]) -> int:
    return int(np.prod([size for size in shape if size is not None]))


def _with_dim(draft: Reading, latent_dim: int, batch: int | None) -> Reading | None:
    """With d numbers in z's open axes, alike where there are several; None where that cannot be."""
    shape, axes = list(draft.z_shape), _open_axes(draft.z_shape)
    if axes:
        side = round((latent_dim / _known(draft.z_shape)) ** (1 / len(axes)))
        for axis in axes:
            shape[axis] = side
    if _known(tuple(shape)) != latent_dim:
        return None
    return replace(draft, z_shape=tuple(shape), latent_dim=latent_dim, batch=batch)


def trial_z(reading: Reading) -> Floats:
    """A few z float32 [N, d] to try a decoder with: the prior's mean first, then samples."""
    count = FREE_BATCH if reading.batch is None else reading.batch
    z = np.random.default_rng(0).standard_normal((count, reading.latent_dim), np.float32)
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
            f"{['any' if size is None else size for size in numbers]} as the model says; export it again"
        )


def _read_output(
    file: ModelFile,
    run: Run,
    draft: Reading,
    results: Mapping[str, Array],
    wishes: Wanted,
    guesses: set[str],
) -> Reading:
    count = len(trial_z(draft))
    shape = overrides.image_shape(wishes)
    layout = overrides.one_of(wishes, "layout", overrides.LAYOUTS)
    fits = {
        name: guess
        for name, array in results.items()
        if (guess := guess_layout.guess_layout(array, count, shape, overrides.LAYOUTS.get(layout or "")))
    }
    if not fits:
        found = ", ".join(f"{name} {list(array.shape)}" for name, array in results.items())
        asked = f" with {', '.join(f'--{o} {wishes[o]}' for o in ('layout', 'image-shape') if o in wishes)}"
        raise _no_reading(
            file, f"no output is a picture{asked if shape or layout else ''}: found {found} for {count} z"
        )
    # The largest picture, if there are several: the others are steps on the way to it.
    name = max(fits, key=lambda output: np.prod(fits[output].image_shape))
    if len(fits) > 1 and "output" not in wishes:
        guesses.add("output")
    guess = fits[name]
    guesses |= guess.guesses
    array = results[name]
    if np.issubdtype(array.dtype, np.floating) and np.isnan(array).all():
        raise ModelError(f"{file.path}: found nothing but NaN in its pictures, expected numbers")
    value_range = overrides.one_of(wishes, "range", overrides.RANGES)
    if value_range is not None:
        kind = overrides.RANGES[value_range]
    else:
        more = [array]
        if array.dtype != np.uint8 and not guess_layout.is_sure(file.makers.get(name, "")):
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
    return replace(reading, guesses=frozenset(_left(guesses, wishes, file, draft.other_inputs)))


def _left(guesses: set[str], wishes: Wanted, file: ModelFile, others: Sequence[OtherInput]) -> set[str]:
    """Without what people said themselves, and without any for a decoder of this program's own."""
    if file.metadata.get("latent_plane.format") == OWN_FORMAT:
        return set()
    settled = {FIELDS[option] for option in wishes if option in FIELDS}
    if all(SET + other.name in wishes for other in others):
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
        f"{file.path}: found no reading of it as a decoder: {why}; its inputs: {inputs[:200]}; "
        f"its outputs: {outputs[:200]}; if it is one, set --z-input, --output, --layout or --image-shape"
    )
