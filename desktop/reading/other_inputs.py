"""The inputs of a graph that take neither z nor a picture, and their default values."""

import re
from collections.abc import Sequence
from dataclasses import replace

from desktop.base.errors import ModelError
from desktop.reading.overrides import SET, Overrides, number_of, refusal
from desktop.reading.reading import OtherInput
from desktop.vetting.onnx_file import Tensor

FLOATS = ("float16", "float32", "float64")
OTHER_NAMES = re.compile(
    r"trunc|psi|label|class|cond|(^|[^a-z])[cy]([^a-z]|$)|temper|noise|train|mask|step|scale|sigma|strength|guid",
    re.IGNORECASE,
)
CLASS_NAMES = re.compile(r"label|class|cond|one.?hot|(^|[^a-z])[cy]([^a-z]|$)", re.IGNORECASE)
ONE_NAMES = re.compile(r"trunc|psi|temper|scale|strength|guid", re.IGNORECASE)

Shape = tuple[int | None, ...]
# Shapes to try if the graph declares none: one number for all pictures, [N], or [N, 1].
UNDECLARED: tuple[Shape, ...] = ((), (None,), (None, 1))


def other_input(
    tensor: Tensor,
    batch: int | None,
    overrides: Overrides,
    has_batch_axis: bool = True,
    own_value: float | None = None,
    table_rows: int | None = None,
) -> OtherInput:
    """How to fill an input that takes neither z nor the encoder's picture.

    `has_batch_axis` says whether z has a batch axis. `own_value` is the graph's own default for the input.
    `table_rows` is the number of rows of the table that the input is an index into. Raises ModelError if the
    value that a person set for the input does not fit.
    """
    declared = tensor.shape or ()
    shape: list[int | None] = [size if isinstance(size, int) else 1 for size in declared]
    if declared and (not isinstance(declared[0], int) or (len(declared) > 1 and declared[0] == batch)):
        shape[0] = None
    is_vector = len(declared) == 1 and not has_batch_axis and tensor.dtype in FLOATS
    last = declared[-1] if len(declared) > 1 or is_vector else None
    one_hot = bool(CLASS_NAMES.search(tensor.name)) and isinstance(last, int) and last > 1
    value = 1.0 if ONE_NAMES.search(tensor.name) and tensor.dtype in FLOATS else 0.0
    if own_value is not None:
        value = own_value
    option = SET + tensor.name
    most = last - 1 if one_hot and isinstance(last, int) else 1 if tensor.dtype == "bool" else None
    if most is None and tensor.dtype not in FLOATS and table_rows:
        most = table_rows - 1
    other = OtherInput(tensor.name, tensor.dtype, tuple(shape), value, one_hot, most)
    if option in overrides:
        value = number_of(overrides, option)
        if other.is_whole and not other.fits(value):
            expected = f"a whole number from 0{f' to {most}' if most is not None else ''}"
            raise refusal(option, overrides[option], expected)
    return replace(other, value=value)


def shapes_to_try(tensor: Tensor) -> tuple[Shape, ...]:
    """Shapes to try for an input that declares none, the most likely first; empty if it declares one."""
    if tensor.shape is not None:
        return ()
    # A class is mostly one number per picture; other inputs are mostly one number for all pictures.
    return (*UNDECLARED[1:], UNDECLARED[0]) if CLASS_NAMES.search(tensor.name) else UNDECLARED


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
