"""python -m training.data: show what a fit would see of some images."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from training.installed import needed, version_option

with needed("training", "python -m training.data", __name__):
    import imageio.v3 as imageio
    import numpy as np
    from numpy.typing import NDArray

    from training.command_line import DataCommand, run_command
    from training.data.dataset import BINARY, Dataset, DatasetError, cautions
    from training.data.form import Form
    from training.data.open import open_dataset, with_absolute_path
    from training.data.options import data_options, pop_places
    from training.files import check_writable, replaced_file
    from training.output import counted, say

COLUMNS = 8
GAP_PX, GAP_GREY = 2, 160
LEAST_PX = 64  # smaller images are enlarged, so that their pixels can be seen
MOST_LABELS = 20


def _is_png(context: click.Context, parameter: click.Parameter, sheet: Path | None) -> Path | None:
    if sheet is not None and sheet.suffix.lower() != ".png":
        raise click.BadParameter(f"found {str(sheet)!r}, expected a name ending in .png.", context, parameter)
    return sheet


@click.command(
    name="python -m training.data",
    cls=DataCommand,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: python -m training.data holiday/ --size 64 --sheet sheet.png",
)
@click.argument("data", default="mnist")
@data_options
@click.option(
    "--sheet",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_is_png,
    help="Write a picture of 64 evenly spaced training images to this PNG; an existing file is replaced.",
)
@version_option
def command(data: str, sheet: Path | None, **values: Any) -> None:
    """Show what a fit would see of DATA: counts, labels, size, and what is left out.

    DATA is what --data of python -m training.fit takes: a name, a folder, zip or tar of pictures, shards,
    .npz, .npy or IDX files. Decoded pictures are kept in the cache, so that a fit of them starts at once.
    """
    if sheet is not None:
        check_writable(sheet)
    places = pop_places(values)
    form = Form(
        values["size"],
        values["channels"],
        values["crop"],
        values["threshold"],
        values["background"],
    )
    dataset = open_dataset(with_absolute_path(data), form, places)
    for line in described(dataset):
        say(line)
    if sheet is not None:
        with replaced_file(sheet) as temporary:
            temporary.write_bytes(imageio.imwrite("<bytes>", sheet_of(dataset), extension=".png"))
        say(f"sheet of {min(COLUMNS**2, len(dataset.train_images))} training images: {sheet}")


def described(dataset: Dataset) -> Iterator[str]:
    """A description of a dataset, line by line."""
    channels, height, width = dataset.image_shape
    kind = "binary" if dataset.levels == BINARY else "grey" if channels == 1 else "colour"
    train, test = len(dataset.train_images), len(dataset.test_images)
    yield f"{dataset.name}: {counted(train, 'training image')} and {counted(test, 'test image')}"
    yield f"{kind}, {width} × {height} pixels, {dataset.levels} levels"
    for number, name in enumerate(dataset.label_names[:MOST_LABELS]):
        counts = [(labels == number).sum() for labels in (dataset.train_labels, dataset.test_labels)]
        yield f"  {name}: {counts[0]:,} + {counts[1]:,}"
    more = len(dataset.label_names) - MOST_LABELS
    if more > 0:
        yield f"  and {more:,} more labels"
    if not dataset.label_names:
        yield "no labels"
    yield from dataset.notes
    yield from cautions(dataset)


def sheet_of(dataset: Dataset) -> NDArray[np.uint8]:
    """A picture of 64 evenly spaced training images: uint8 [H, W, 3]."""
    count = min(COLUMNS**2, len(dataset.train_images))
    rows = np.linspace(0, len(dataset.train_images) - 1, count).astype(np.int64)
    scale = 255 // (dataset.levels - 1)
    images = np.asarray(dataset.train_images[rows]) * np.uint8(scale)
    times = max(1, LEAST_PX // max(dataset.image_shape[1:]))
    large = images.repeat(times, axis=2).repeat(times, axis=3)
    height, width = (side + GAP_PX for side in large.shape[2:])
    lines = -(-count // COLUMNS)
    sheet = np.full((lines * height - GAP_PX, COLUMNS * width - GAP_PX, 3), GAP_GREY, np.uint8)
    for number, image in enumerate(large):
        top, left = number // COLUMNS * height, number % COLUMNS * width
        sheet[top : top + height - GAP_PX, left : left + width - GAP_PX] = image.transpose(1, 2, 0)
    return sheet


def main() -> None:
    """Run the command line and exit."""
    run_command(command, (DatasetError,))


if __name__ == "__main__":
    main()
