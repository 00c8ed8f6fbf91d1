"""Guesses which output of a decoder is the picture, the picture's layout, and what its numbers mean."""

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from desktop.base.arrays import Array
from desktop.base.errors import ModelError
from desktop.reading import guess_layout, tensors
from desktop.reading.guess_layout import LayoutGuess
from desktop.reading.other_inputs import FLOATS
from desktop.reading.overrides import LAYOUTS, RANGES, Overrides, image_shape_of, one_of, refusal
from desktop.reading.reading import Reading
from desktop.reading.trial_z import Run, trial_z
from desktop.reading.what_it_is import TrialFacts, no_reading, notes_of
from desktop.vetting.onnx_file import ModelFile
from desktop.vetting.trial import DTYPES

# An output with such a name is the picture, even if another output is larger.
PLAIN_NAMES = re.compile(
    r"(output|image|img|picture|sample|x_?hat|recon\w*|generated\w*|decoded\w*)s?([_:.]?\d+)?", re.IGNORECASE
)
RANDOM_OPERATORS = ("RandomNormal", "RandomUniform", "Multinomial", "Bernoulli", "Dropout")


def picture_outputs(file: ModelFile, overrides: Overrides) -> list[str]:
    """The outputs that could be the picture, or the one that an override names. Raises ModelError."""
    by_name = {tensor.name: tensor for tensor in file.outputs}
    name = one_of(overrides, "output", by_name)
    if name is not None:
        if by_name[name].dtype not in DTYPES:
            raise refusal("output", by_name[name].in_words(), "numbers")
        return [name]
    names = [tensor.name for tensor in file.outputs if tensor.dtype in (*FLOATS, "uint8")]
    if not names:
        raise no_reading(file, "it has no output whose numbers could be a picture")
    return names


def pictures(results: Mapping[str, Array], draft: Reading, overrides: Overrides) -> dict[str, LayoutGuess]:
    """The layouts of the outputs that can be pictures."""
    shape, layout = image_shape_of(overrides), LAYOUTS.get(one_of(overrides, "layout", LAYOUTS) or "")
    count = len(trial_z(draft))
    return {
        name: guess
        for name, array in results.items()
        if (guess := guess_layout.guess_layout(array, count, shape, layout))
    }


def is_nan(array: Array) -> bool:
    """Whether an output has only NaN."""
    return bool(np.issubdtype(array.dtype, np.floating) and np.isnan(array).all())


def read_output(
    file: ModelFile,
    run: Run | None,
    draft: Reading,
    results: Mapping[str, Array],
    overrides: Overrides,
    guesses: set[str],
) -> Reading:
    """Choose the output that is the picture, and complete the draft by what its numbers mean.

    Guessed parts are added to `guesses`. `run` is None for a slow decoder, which does not run again.
    """
    fits = pictures(results, draft, overrides)
    # Of several pictures, take the one with a plain name, or else the largest: others are intermediate steps.
    name = max(fits, key=lambda n: (_is_plain(n), np.prod(fits[n].image_shape)), default=None)
    notes = _notes(file, draft, results, overrides, name, None if name is None else fits[name])
    if name is None:
        found = ", ".join(f"{name} {list(array.shape)}" for name, array in results.items())
        parts = ("layout", "image-shape")
        asked = " and ".join(
            f"{part.replace('-', ' ')} {overrides[part]}" for part in parts if part in overrides
        )
        count = len(trial_z(draft))
        raise no_reading(
            file, f"no output is a picture{f' with {asked}' if asked else ''}: found {found} for {count} z"
        )
    if len(fits) > 1 and "output" not in overrides:
        guesses.add("output")
    guess = fits[name]
    guesses |= guess.guesses
    array = results[name]
    if is_nan(array):
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
    return replace(
        draft,
        output=name,
        output_dtype=str(array.dtype),
        layout=guess.layout,
        image_shape=guess.image_shape,
        value_range=kind,
        more_channels=guess.more_channels,
        notes=(*draft.notes, *notes),
    )


def _is_plain(name: str) -> bool:
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
    """Reasons against the graph being a decoder. Raises NotADecoderError if it is something else."""
    rough = float("inf")
    if name is not None and guess is not None and np.ptp(np.nan_to_num(results[name].astype(np.float64))) > 0:
        rough = guess_layout.roughness(results[name], guess)
    count = len(trial_z(draft))
    tried = TrialFacts(
        file,
        next(tensor for tensor in file.inputs if tensor.name == draft.z_input),
        tuple(size for size in draft.z_shape if size is not None) or (1,),
        {n: guess_layout.after_batch(array, count) or array.shape for n, array in results.items()},
        name,
        guess,
        rough,
    )
    return list(notes_of(tried, overrides))
