"""Tables of numbers as text: with or without a header, by label, and invalid ones."""

import numpy as np
import pytest

from desktop.latent.number_table import TableError, arrays_of_table


def test_a_table_without_a_head_is_numbers_alone():
    """Each row is a z."""
    arrays = arrays_of_table("1,2.5\r\n-3,4e-1\r\n\r\n", "walk")
    assert list(arrays) == ["walk"]
    assert (arrays["walk"] == [[1, 2.5], [-3, 0.4]]).all()


@pytest.mark.parametrize("head", ["z1,z0,w", "mean_1,mean_0,logvar_0", "1,0,note"])
def test_the_head_says_which_columns_are_z(head):
    """The columns are ordered by their numbers; other columns are ignored."""
    arrays = arrays_of_table(f"{head}\n5,4,9\n7,6,9\n", "a")
    assert (arrays["a"] == [[4, 5], [6, 7]]).all()


def test_a_column_of_labels_keeps_the_rows_of_each_together():
    """Labels come in the order of the rows; a label called z is not mistaken for the array of all z."""
    arrays = arrays_of_table("index,label,mean_0\n3,shoe,1\n5,z,2\n9,shoe,3\n", "a")
    assert {name: rows.tolist() for name, rows in arrays.items()} == {"shoe": [[1], [3]], "label z": [[2]]}
    assert arrays["shoe"].dtype == np.float64


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "found a table without rows, expected one row for each z"),
        ("z_0,z_1\n", "found a table without rows, expected one row for each z"),
        ("a,b\n1,2\n", "found the columns a, b, expected z_0, z_1, … or mean_0, mean_1, …"),
        ("x_0,y_0\n1,2\n", "found the columns x_0, y_0, expected z_0"),
        ("z_0,z_1\n1,2\n3\n", "found 1 cells in row 3, expected 2 as in the first"),
        ("1,2\n3,x\n", "found a cell in row 2 that is no number, expected z; correct it"),
    ],
)
def test_what_is_no_table_of_z_is_told(text, words):
    """The error gives the row in the file."""
    with pytest.raises(TableError, match=f"^{words}"):
        arrays_of_table(text, "a")
