"""training/data/__main__.py: the lines and the sheet about a dataset, and a fit of it."""

import json

import imageio.v3 as imageio
import numpy as np
import pytest

from training import evaluate, fit
from training.data.__main__ import described, main
from training.data.dataset import Dataset
from training.runs import read_run

SMALL_FIT = ("--filters", 2, 2, "--batch-size", 8, "--epochs", 1, "--device", "cpu", "--precision", "float32")


def test_it_tells_counts_labels_size_and_what_is_left_out(make_pictures, tmp_path, run_main):
    """Each of these has a line, and the sheet shows the training images in their places."""
    folder = make_pictures("cats", "dogs", count=30)
    (folder / "cats/000.png").write_bytes(b"no picture")
    sheet = tmp_path / "sheet.png"
    ended = run_main(main, folder, "--sheet", sheet, "--cache-folder", tmp_path / "cache")
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    train, test = (int(word) for word in lines[0].split() if word.isdecimal())
    assert lines[0] == f"pictures: {train} training images and {test} test images"
    assert train + test == 59
    assert lines[1] == "colour, 8 × 6 pixels, 256 levels"
    assert [line.split(":")[0] for line in lines[2:4]] == ["  cats", "  dogs"]
    assert [sum(map(int, line.split(": ")[1].split(" + "))) for line in lines[2:4]] == [29, 30]
    assert lines[4].startswith("left out 1 of 60 pictures; ")
    assert lines[5] == f"sheet of {train} training images: {sheet}"
    picture = imageio.imread(sheet)
    # Eight columns of images that are enlarged eight times, two pixels apart.
    assert picture.shape == (-(-train // 8) * 50 - 2, 8 * 66 - 2, 3)
    assert len(np.unique(picture[:48, :64].reshape(6, 8, 8, 8, 3)[:, 0, :, 0].reshape(-1, 3), axis=0)) > 40


@pytest.mark.parametrize(
    ("count", "sides", "told"),
    [
        (50, (8, 8), ""),
        (50, (256, 8), ""),
        (49, (8, 8), "found only 49 training images and 1 test image: a model memorises so few"),
        (50, (4, 7), "found images of 7 × 4 pixels: networks are meant for sides from 8 to 256"),
        (50, (257, 257), "with about 16 times the pixels of --size 64, a fit is that much slower"),
    ],
)
def test_few_small_and_large_images_are_cautioned_of(count, sides, told):
    """The command's last line is a caution for such images, and there is none for usual ones."""
    zeros = np.zeros((count, 1, *sides), np.uint8)
    labels = np.zeros(count, np.uint8)
    *_, last = described(Dataset("some", (), zeros, labels, zeros[:1], labels[:1]))
    assert told in last if told else last == "no labels"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("nowhere",), "nowhere: found no such dataset, folder or file, expected mnist, fashion-mnist"),
        (("fashion_mnist",), "did you mean 'fashion-mnist'?"),
        (("mnist", "--size", "0"), "found '0', expected a side such as 64, or width x height"),
        (("mnist", "--size", "5000"), "such as 64x48, of at most 4,096 pixels"),
        (("mnist", "--size", "8x"), "found '8x', expected a side"),
        (("mnist", "--threshold", "1"), "1.0 is not in the range 0<=x<1"),
        (("mnist", "--channels", "2"), "'2' is not one of '1', '3'"),
        (("mnist", "--background", "blu"), "found 'blu', expected a colour such as white or #808080"),
    ],
)
def test_wrong_options_are_one_line(run_main, options, words):
    """The command ends with status 2 and says what was expected."""
    assert words in run_main(main, *options).error_line


@pytest.mark.slow
def test_a_folder_of_pictures_is_fitted_resumed_and_evaluated(make_pictures, tmp_path, run_main):
    """If the images of the config have changed, the fit is neither resumed nor evaluated."""
    folder = make_pictures("cats", "dogs", count=20)
    run, cache = tmp_path / "run", ("--cache-folder", tmp_path / "cache")
    form = ("--size", "8", "--channels", 1, "--threshold", "0.4", "--crop", "pad")
    ended = run_main(fit.main, "--data", folder, *form, *SMALL_FIT, *cache, "--out", run)
    assert ended.status == 0, ended
    config = read_run(run).config
    assert (config.dataset, config.image_shape, config.threshold) == (str(folder), (1, 8, 8), 0.4)
    again = run_main(fit.main, "--resume", "--out", run, "--data", folder, "--size", 8, *cache)
    assert "already finished" in again.out
    evaluated = run_main(evaluate.main, run, "--samples", 0, "--step", 0.1, "--json", *cache)
    assert json.loads(evaluated.out)["dataset"] == "pictures"
    other = run_main(fit.main, "--resume", "--out", run, "--size", 12, *cache)
    assert "found another --size or --channels than in the config" in other.error_line
    moved = folder.rename(tmp_path / "moved")
    assert "found no such dataset" in run_main(evaluate.main, run, *cache).error_line
    there = run_main(evaluate.main, run, "--data", moved, "--samples", 0, "--step", 0.1, *cache)
    assert there.status == 0
    (moved / "cats/000.png").unlink()
    moved.rename(folder)
    for ended in (
        run_main(fit.main, "--resume", "--out", run, *cache),
        run_main(evaluate.main, run, *cache),
    ):
        assert "found other images than those of the fit, expected the same in" in ended.error_line
        assert "name those with --data" in ended.error_line


def test_an_address_is_to_be_downloaded_first(run_main):
    """The error shows the address as typed; it is not taken for a path in the current folder."""
    line = run_main(main, "https://example.com/x.zip").error_line
    assert line.startswith("python -m training.data: https://example.com/x.zip: found an address, expected ")
    assert line.endswith("; download it first, then name the file")


def test_a_sheet_that_cannot_be_written_is_told_before_pictures_are_read(run_main, tmp_path):
    """The data are not even there."""
    sheet = tmp_path / "gone" / "s.png"
    line = run_main(main, tmp_path / "no data", "--sheet", sheet).error_line
    assert line == f"python -m training.data: {sheet}: No such file or directory; check the path"


@pytest.mark.parametrize("name", ["s.jpg", "s"])
def test_a_sheet_of_another_ending_is_refused(run_main, tmp_path, name):
    """It would be a PNG that is called something else. The data are not even there."""
    line = run_main(main, tmp_path / "no data", "--sheet", tmp_path / name).error_line
    assert f"found '{tmp_path / name}', expected a name ending in .png" in line
    assert not (tmp_path / name).exists()


def test_names_of_pictures_lead_to_their_folder(run_main, tmp_path):
    """Many file names, as the shell makes of *.png, are counted in the error and not repeated."""
    pictures = [tmp_path / f"{number}.png" for number in range(100)]
    for path in pictures:
        path.write_bytes(b"")
    words = f"found 100 file names, expected the folder that they are in; name it: %s{tmp_path} (see "
    assert words % "" in run_main(main, *pictures).error_line
    assert words % "--data " in run_main(fit.main, "--data", *pictures).error_line
