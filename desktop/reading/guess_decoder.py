"""Guesses a decoder's reading from inputs, outputs, names, types and a few trial decodes. No ONNX Runtime.

A part that the file determines is certain. A part that only names, sizes or values suggest is a guess, and is
listed in `Reading.guesses`. Overrides take precedence over both.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from desktop.base.arrays import Array
from desktop.base.errors import ModelError
from desktop.reading import tensors
from desktop.reading.guess_output import is_nan, picture_outputs, pictures, read_output
from desktop.reading.guess_prior import guess_prior
from desktop.reading.guess_z import NoZError, ZInput, find_z
from desktop.reading.other_inputs import FLOATS, other_input, shapes_to_try
from desktop.reading.overrides import SET, Overrides, refusal
from desktop.reading.reading import Layout, OtherInput, Reading, ValueRange
from desktop.reading.trial_z import FREE_BATCH, Run, trial_z
from desktop.reading.what_it_is import Sizes, TrialFacts, no_reading, notes_of
from desktop.vetting.onnx_file import ModelFile, Tensor
from desktop.vetting.trial import DTYPES, TrialEndedError

OWN_FORMATS = ("latent-plane/1", "latent-plane/1.1")
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
    """Propose a reading of a decoder. `run` returns the named outputs for given feeds.

    With `is_slow`, the decoder runs only once, with one z.

    Raises NotADecoderError if the graph is something else, and ModelError if no reading is found or an
    override does not fit.
    """
    guesses: set[str] = set()
    for tensor in file.inputs:
        if tensor.dtype not in DTYPES:
            raise no_reading(file, f"its input {tensor.name} takes {tensor.dtype}, expected numbers")
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
    outputs = picture_outputs(file, overrides)
    # A slow decoder runs once with one z: larger batches would not help, and each further run takes long.
    batches = (chosen.batch,) if chosen.batch is not None else (1,) if is_slow else (None, 1)
    try:
        draft, results = _first_decode(file, run, draft, chosen, batches, outputs, guesses, overrides)
    except ModelError:
        _refuse_another_kind(file, chosen.tensor, overrides)
        raise
    for name in outputs:
        _check_declared(file, name, results[name])
    draft, results = _with_numbers(run, draft, results, overrides)
    reading = read_output(file, None if is_slow else run, draft, results, overrides, guesses)
    return replace(reading, guesses=frozenset(_unsettled(guesses, overrides, file, draft.other_inputs)))


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
        raise no_reading(file, str(error)) from error
    if not chosen.is_only_one:
        guesses.add("z_input")
    return chosen


def _refuse_another_kind(file: ModelFile, z: Tensor, overrides: Overrides) -> None:
    """Raise NotADecoderError if the graph's declared shapes are not those of a decoder."""

    def sizes(tensor: Tensor) -> Sizes:
        return tuple(size if isinstance(size, int) else None for size in (tensor.shape or ())[1:])

    tried = TrialFacts(file, z, sizes(z), {tensor.name: sizes(tensor) for tensor in file.outputs})
    notes_of(tried, overrides)


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
    """The draft completed by d, batch and the shapes of other inputs, and the outputs at a few z."""
    last_error: ModelError | None = None
    without_pictures: tuple[Reading, dict[str, Array]] | None = None
    for filled in _drafts(file, draft, chosen, batches):
        try:
            results = run(tensors.feeds(filled, trial_z(filled)), outputs)
        except TrialEndedError:  # no further size can be tried
            if without_pictures is not None:
                return without_pictures
            raise
        except ModelError as error:
            last_error = last_error or error
            continue
        # The graph may run with a wrong size by chance, so other sizes are tried if there is no picture. Some
        # graphs decode a single z, although they declare a free batch size.
        if _is_one_picture(run, filled, results) or not pictures(results, filled, overrides):
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
    """Drafts with each d, batch and shape of other inputs to try."""
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
    """Whether an output that looks like FREE_BATCH pictures without channels is one picture with channels."""
    alike = [name for name, array in results.items() if array.ndim == 3 and len(array) == FREE_BATCH]
    if draft.batch is not None or not alike:
        return False
    one = replace(draft, batch=1)
    try:
        alone = run(tensors.feeds(one, trial_z(one)), alike)
    except ModelError:
        return False
    return any(alone[name].shape == results[name].shape for name in alike)


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
    """The draft and its outputs; other inputs are set to 1 instead of 0 if 0 gives only NaN."""
    zeros = [
        other.name
        for other in draft.other_inputs
        if other.dtype in FLOATS
        and other.value == 0
        and not other.one_hot
        and SET + other.name not in overrides
    ]
    if not zeros or not all(is_nan(array) for array in results.values()):
        return draft, results
    others = tuple(
        replace(other, value=1.0) if other.name in zeros else other for other in draft.other_inputs
    )
    changed = replace(draft, other_inputs=others)
    again = run(tensors.feeds(changed, trial_z(changed)), list(results))
    if all(is_nan(array) for array in again.values()):
        return draft, results
    note = f"{', '.join(zeros)[:100]} = 1, because 0 gives no numbers; set it if another value is right"
    return replace(changed, notes=(*draft.notes, note)), again


def _unsettled(
    guesses: set[str], overrides: Overrides, file: ModelFile, others: Sequence[OtherInput]
) -> set[str]:
    """The guesses that no override replaces; none for a decoder that this program exported."""
    if file.metadata.get("latent_plane.format") in OWN_FORMATS:
        return set()
    settled = {FIELDS[option] for option in overrides if option in FIELDS}
    optional = {tensor.name for tensor, _ in file.optional}
    if all(SET + other.name in overrides or other.name in optional for other in others):
        settled.add("other_inputs")
    return guesses - settled
