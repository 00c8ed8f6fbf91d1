"""The connected parts of a mask are found, whatever their shape."""

import numpy as np
import pytest

from desktop.images.connected import connected_parts


def flooded(mask):
    """The parts found by a flood fill, in the order of their first pixels."""
    labels, count = np.zeros(mask.shape, int), 0
    for start in zip(*np.nonzero(mask), strict=True):
        if labels[start]:
            continue
        count += 1
        todo = [start]
        labels[start] = count
        while todo:
            y, x = todo.pop()
            for place in ((y + down, x + across) for down in (-1, 0, 1) for across in (-1, 0, 1)):
                inside = 0 <= place[0] < mask.shape[0] and 0 <= place[1] < mask.shape[1]
                if inside and mask[place] and not labels[place]:
                    labels[place] = count
                    todo.append(place)
    return labels


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.4, 0.6, 1.0])
def test_the_parts_are_those_of_a_flood(share):
    """On random masks of odd sizes, a flood fill finds the same parts with the same sizes."""
    draw = np.random.default_rng(0)
    for shape in ((1, 1), (1, 9), (9, 1), (17, 23), (40, 31)):
        mask = draw.random(shape) < share
        labels, sizes = connected_parts(mask)
        expected = flooded(mask)
        pairs = set(zip(labels.ravel().tolist(), expected.ravel().tolist(), strict=True))
        assert len(pairs) == len(set(labels.ravel().tolist())) == len(set(expected.ravel().tolist()))
        assert ((labels > 0) == mask).all()
        assert sizes.tolist() == np.bincount(labels.ravel()).tolist()


def test_a_spiral_is_one_part():
    """Runs that are connected only many rows below are one part."""
    mask = np.zeros((11, 11), bool)
    mask[0] = mask[:, 10] = mask[10, :] = mask[2:, 0] = mask[2, :9] = mask[2:9, 8] = mask[8, 2:9] = True
    assert connected_parts(mask)[1].tolist() == [int((~mask).sum()), int(mask.sum())]
