"""Guess a decoder's reading from its inputs, outputs, names, types and a few trial decodes. No ONNX Runtime.

A part that the file determines is certain. A part that only names, sizes or values suggest is a guess, and
`Reading.guesses` names it. Overrides take precedence over both.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from desktop.base.arrays import Array, Floats
from desktop.base.errors import ModelError
from desktop.latent.plane import sample_prior
from desktop.reading import guess_layout, tensors
from desktop.reading.guess_layout import LayoutGuess
from desktop.reading.guess_prior import guess_prior
from desktop.reading.guess_z import NoZError, ZInput, find_z
from desktop.reading.other_inputs import FLOATS, other_input, shapes_to_try
from desktop.reading.overrides import LAYOUTS, RANGES, SET, Overrides, image_shape_of, one_of, refusal
from desktop.reading.reading import Layout, OtherInput, Reading, ValueRange
from desktop.reading.what_it_is import Sizes, Tried, notes_of
from desktop.vetting.onnx_file import ModelFile, Tensor
from desktop.vetting.trial import DTYPES, TrialEndedError

Run = Callable[[Mapping[str, Array], list[str]], dict[str, Array]]

FREE_BATCH = 3  # in a shape this number rarely means anything else
OWN_FORMATS = ("latent-plane/1", "latent-plane/1.1")
# An output with such a name is the picture, even if a larger one is there too.
PLAIN_NAMES = re.compile(
    r"(output|image|img|picture|sample|x_?hat|recon\w*|generated\w*|decoded\w*)s?([_:.]?\d+)?", re.IGNORECASE
)
RANDOM_OPERATORS = ("RandomNormal", "RandomUniform", "Multinomial", "Bernoulli", "Dropout")
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


def propose(file: ModelFile, run: Run, overrides: Overrides, is_slow: bool = False) -> Reading:
    """Propose a reading of a decoder. `run` gives the named outputs for some feeds.

    A decoder that `is_slow` runs once, with one z.

    Raises NotADecoderError if the graph is something else, and ModelError if no reading is found or an
    override does not fit.
    """
    guesses: set[str] = set()
    for tensor in file.inputs:
        if tensor.dtype not in DTYPES:
            raise _no_reading(file, f"its input {tensor.name} takes {tensor.dtype}, expected numbers")
    chosen = _z_input(file, overrides, guesses)
    others = tuple(
        other_input(
            tensor,
            chosen.batch,
            overrides,
            chosen.has_batch_axis,
            table_rows=file.table_rows.get(tensor.name),
        )
        for tensor in file.inputs
        if tensor.name != chosen.tensor.name
    )
    if others:
        guesses.add("other_inputs")
    others += tuple(
        other_input(tensor, chosen.batch, overrides, chosen.has_batch_axis, value)
        for tensor, value in file.optional
        if tensor.dtype in DTYPES
    )
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
    try:
        draft, results = _first_decode(file, run, draft, chosen, batches, outputs, guesses, overrides)
    except ModelError:
        _refuse_another_kind(file, chosen.tensor, overrides)
        raise
    for name in outputs:
        _check_declared(file, name, results[name])
    draft, results = _with_numbers(run, draft, results, overrides)
    return _read_output(file, None if is_slow else run, draft, results, overrides, guesses)


def trial_z(reading: Reading) -> Floats:
    """A few z float32 [N, d] to try a decoder with: samples, and first of several the prior's mean.

    The prior's mean alone would tell little: a decoder that normalises z divides 0 by 0 there.
    """
    count = FREE_BATCH if reading.batch is None else reading.batch
    z = sample_prior(count, reading.latent_dim, 0, reading.prior)
    if count > 1:
        z[0] = 0
    return z


def _z_input(file: ModelFile, overrides: Overrides, guesses: set[str]) -> ZInput:
    try:
        chosen = find_z(file, overrides)
    except NoZError as error:
        if file.inputs and all(tensor.dtype not in FLOATS for tensor in file.inputs):
            found = ", ".join(tensor.in_words() for tensor in file.inputs)
            raise ModelError(
                f"{file.path}: found only inputs of whole numbers ({found[:200]}), expected one of floats "
                "for z, because there is nothing between two codes; export the part that follows the lookup "
                "of the codes, with their vectors as its input"
            ) from error
        floats = [tensor for tensor in file.inputs if tensor.dtype in FLOATS and tensor.shape]
        if floats:
            _refuse_another_kind(file, floats[0], overrides)
        raise _no_reading(file, str(error)) from error
    if not chosen.is_only_one:
        guesses.add("z_input")
    return chosen


def _refuse_another_kind(file: ModelFile, z: Tensor, overrides: Overrides) -> None:
    """Raise NotADecoderError if the shapes that the graph declares are not those of a decoder."""

    def sizes(tensor: Tensor) -> Sizes:
        return tuple(size if isinstance(size, int) else None for size in (tensor.shape or ())[1:])

    tried = Tried(file, z, sizes(z), {tensor.name: sizes(tensor) for tensor in file.outputs})
    notes_of(tried, overrides)


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
    file: ModelFile,
    run: Run,
    draft: Reading,
    chosen: ZInput,
    batches: Sequence[int | None],
    outputs: list[str],
    guesses: set[str],
    overrides: Overrides,
) -> tuple[Reading, dict[str, Array]]:
    """The draft with d, batch and the shapes of other inputs filled in, and the outputs at a few z."""
    last_error: ModelError | None = None
    without_pictures: tuple[Reading, dict[str, Array]] | None = None
    for filled in _drafts(file, draft, chosen, batches):
        try:
            results = run(tensors.feeds(filled, trial_z(filled)), outputs)
        except TrialEndedError:  # no other size can be tried
            if without_pictures is not None:
                return without_pictures
            raise
        except ModelError as error:
            last_error = last_error or error
            continue
        # The graph may have run only by chance: another size may give a picture. And some graphs decode one z
        # whatever their declared batch is.
        if _is_one_picture(run, filled, results) or not _pictures(results, filled, overrides):
            without_pictures = without_pictures or (filled, results)
            continue
        if chosen.latent_dim is None:
            guesses.add("latent_dim")
        if filled.batch not in (chosen.batch, batches[0]):
            guesses.add("batch")
        return filled, results
    if without_pictures is not None:
        return without_pictures
    if last_error is None:
        raise refusal("latent-dim", chosen.latent_dim, f"one that fits {chosen.tensor.in_words()}")
    raise last_error


def _drafts(
    file: ModelFile, draft: Reading, chosen: ZInput, batches: Sequence[int | None]
) -> Iterator[Reading]:
    """The draft with each d, batch and shape of other inputs to try."""
    undeclared = {tensor.name: shapes for tensor in file.inputs if (shapes := shapes_to_try(tensor))}
    rounds = max(map(len, undeclared.values()), default=1)
    for latent_dim in chosen.dims_to_try():
        z_shape = chosen.with_dim(latent_dim)
        if z_shape is None:
            continue
        for batch in batches:
            for index in range(rounds):
                others = tuple(
                    replace(other, shape=undeclared[other.name][index]) if other.name in undeclared else other
                    for other in draft.other_inputs
                )
                yield replace(draft, z_shape=z_shape, latent_dim=latent_dim, batch=batch, other_inputs=others)


def _is_one_picture(run: Run, draft: Reading, results: Mapping[str, Array]) -> bool:
    """Whether what looks like FREE_BATCH pictures without channels is one picture of so many channels."""
    alike = [name for name, array in results.items() if array.ndim == 3 and len(array) == FREE_BATCH]
    if draft.batch is not None or not alike:
        return False
    one = replace(draft, batch=1)
    try:
        alone = run(tensors.feeds(one, trial_z(one)), alike)
    except ModelError:
        return False
    return any(alone[name].shape == results[name].shape for name in alike)


def _pictures(results: Mapping[str, Array], draft: Reading, overrides: Overrides) -> dict[str, LayoutGuess]:
    """How each output that can be pictures is laid out."""
    shape, layout = image_shape_of(overrides), LAYOUTS.get(one_of(overrides, "layout", LAYOUTS) or "")
    count = len(trial_z(draft))
    return {
        name: guess
        for name, array in results.items()
        if (guess := guess_layout.guess_layout(array, count, shape, layout))
    }


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


def _with_numbers(
    run: Run, draft: Reading, results: dict[str, Array], overrides: Overrides
) -> tuple[Reading, dict[str, Array]]:
    """The draft and its outputs with other inputs at 1 instead of 0, if 0 gives nothing but NaN."""
    zeros = [
        other.name
        for other in draft.other_inputs
        if other.dtype in FLOATS
        and other.value == 0
        and not other.one_hot
        and SET + other.name not in overrides
    ]
    if not zeros or not all(_is_nan(array) for array in results.values()):
        return draft, results
    others = tuple(
        replace(other, value=1.0) if other.name in zeros else other for other in draft.other_inputs
    )
    changed = replace(draft, other_inputs=others)
    again = run(tensors.feeds(changed, trial_z(changed)), list(results))
    if all(_is_nan(array) for array in again.values()):
        return draft, results
    note = f"{', '.join(zeros)[:100]} = 1, because 0 gives no numbers; set it if another value is right"
    return replace(changed, notes=(*draft.notes, note)), again


def _is_nan(array: Array) -> bool:
    return bool(np.issubdtype(array.dtype, np.floating) and np.isnan(array).all())


def _read_output(
    file: ModelFile,
    run: Run | None,
    draft: Reading,
    results: Mapping[str, Array],
    overrides: Overrides,
    guesses: set[str],
) -> Reading:
    """Read the output that is the picture. Without `run`, because a run takes long, nothing is run again."""
    fits = _pictures(results, draft, overrides)
    # Of several pictures the one with a plain name is taken, or else the largest: the others are steps to it.
    name = max(fits, key=lambda n: (is_plain(n), np.prod(fits[n].image_shape)), default=None)
    notes = _notes(file, draft, results, overrides, name, None if name is None else fits[name])
    if name is None:
        found = ", ".join(f"{name} {list(array.shape)}" for name, array in results.items())
        parts = ("layout", "image-shape")
        asked = " and ".join(
            f"{part.replace('-', ' ')} {overrides[part]}" for part in parts if part in overrides
        )
        count = len(trial_z(draft))
        raise _no_reading(
            file, f"no output is a picture{f' with {asked}' if asked else ''}: found {found} for {count} z"
        )
    if len(fits) > 1 and "output" not in overrides:
        guesses.add("output")
    guess = fits[name]
    guesses |= guess.guesses
    array = results[name]
    if _is_nan(array):
        raise ModelError(f"{file.path}: found only NaN in its pictures, expected numbers")
    if run is not None and any(operator.startswith(RANDOM_OPERATORS) for operator in file.operators):
        again = run(tensors.feeds(draft, trial_z(draft)), [name])[name]
        if not np.allclose(again, array, rtol=1e-3, atol=1e-3, equal_nan=True):
            notes.append("the pictures of the same z differ, because the model draws random numbers")
    if guess.more_channels:
        notes.append(
            f"{name[:60]} has {guess.image_shape[0] + guess.more_channels} channels; the first "
            f"{guess.image_shape[0]} are taken as the picture, the others as its scale"
        )
    value_range = one_of(overrides, "range", RANGES)
    if value_range is not None:
        kind = RANGES[value_range]
    else:
        more = [guess_layout.picture_channels(array, guess)]
        is_open = array.dtype != np.uint8 and not guess_layout.is_sure(file.makers.get(name, ""))
        if run is not None and is_open:
            wide = run(tensors.feeds(draft, 2 * trial_z(draft)), [name])[name]
            more.append(guess_layout.picture_channels(wide, guess))
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
        more_channels=guess.more_channels,
        notes=(*draft.notes, *notes),
    )
    return replace(reading, guesses=frozenset(_left(guesses, overrides, file, draft.other_inputs)))


def is_plain(name: str) -> bool:
    """Whether an output's name says that it is the picture."""
    return bool(PLAIN_NAMES.fullmatch(name))


def _notes(
    file: ModelFile,
    draft: Reading,
    results: Mapping[str, Array],
    overrides: Overrides,
    name: str | None,
    guess: LayoutGuess | None,
) -> list[str]:
    """Why the graph is unlikely to be a decoder. Raises NotADecoderError if it is something else."""
    rough = float("inf")
    if name is not None and guess is not None and np.ptp(np.nan_to_num(results[name].astype(np.float64))) > 0:
        rough = guess_layout.roughness(results[name], guess)
    count = len(trial_z(draft))
    tried = Tried(
        file,
        next(tensor for tensor in file.inputs if tensor.name == draft.z_input),
        tuple(size for size in draft.z_shape if size is not None) or (1,),
        {n: guess_layout.after_batch(array, count) or array.shape for n, array in results.items()},
        name,
        guess,
        rough,
    )
    return list(notes_of(tried, overrides))


def _left(guesses: set[str], overrides: Overrides, file: ModelFile, others: Sequence[OtherInput]) -> set[str]:
    """The guesses that no override has settled; none for a decoder that this program exported."""
    if file.metadata.get("latent_plane.format") in OWN_FORMATS:
        return set()
    settled = {FIELDS[option] for option in overrides if option in FIELDS}
    optional = {tensor.name for tensor, _ in file.optional}
    if all(SET + other.name in overrides or other.name in optional for other in others):
        settled.add("other_inputs")
    return guesses - settled


def _no_reading(file: ModelFile, why: str) -> ModelError:
    inputs = ", ".join(tensor.in_words() for tensor in file.inputs) or "none"
    outputs = ", ".join(tensor.in_words() for tensor in file.outputs)
    return ModelError(
        f"{file.path}: this cannot be read as a decoder: {why}; its inputs are {inputs[:200]}; "
        f"its outputs are {outputs[:200]}; if it is a decoder, say which input is z, or which output is the "
        "picture and in which layout",
        hints=("z-input NAME", "output NAME", "layout NAME", "image-shape C,H,W"),
    )
