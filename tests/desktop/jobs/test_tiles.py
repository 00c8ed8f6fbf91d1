"""The plane is divided into tiles at fixed places, which are requested, cached and replaced by others."""

import numpy as np
import pytest

from desktop.jobs.tiles import (
    Cut,
    Pyramid,
    Tile,
    TileCache,
    TileQueue,
    ancestor,
    descendants,
    pyramid_for,
    reduced,
)
from desktop.latent.chart import AxisScale, Chart
from desktop.latent.plane import axis_plane

FAST = pyramid_for((1, 28, 28), 0.2)
EDGES = (-3.1, -2.0, 3.0, 2.2)


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 20, 50), (4, 50, 20), (3, 1024, 1024)])
@pytest.mark.parametrize("units_per_px", [1e-9, 0.003, 0.00781, 2.0])
def test_cells_are_as_large_as_their_pictures_or_somewhat_larger(shape, units_per_px):
    """The longer side has 24 to 144 pixels, the shape is the picture's, and each level halves the size."""
    pyramid = pyramid_for(shape, 0.2)
    level = pyramid.level(units_per_px)
    width, height = (side / pyramid.cells / units_per_px for side in pyramid.side(level))
    assert 24 <= pyramid.cell_px <= 72
    assert pyramid.cell_px * (1 - 1e-6) <= max(width, height) < 2 * pyramid.cell_px
    assert width / height == pytest.approx(shape[2] / shape[1])
    assert pyramid.side(level + 1) == tuple(side / 2 for side in pyramid.side(level))


def test_tiles_of_slow_pictures_are_small():
    """A picture that takes 100 ms is a tile by itself."""
    assert [pyramid_for((1, 28, 28), ms).cells for ms in (0.2, 3.0, 100.0)] == [4, 2, 1]


@pytest.mark.parametrize("picture_ms", [1000.0, 4000.0])
def test_a_plane_of_slow_pictures_has_as_many_as_are_decoded_in_a_minute(picture_ms):
    """It has that number or down to a quarter of it, because sides double from level to level."""
    view_px = (900, 800)
    pyramid = pyramid_for((3, 512, 512), picture_ms, 1.0, view_px)
    side_px = pyramid.cell_px
    assert 900 * 800 / side_px**2 == pytest.approx(60_000 / picture_ms)
    assert pyramid.picture_px == (round(2 * side_px),) * 2
    assert pyramid_for((3, 512, 512), 1.0, 1.0, view_px) == pyramid_for((3, 512, 512), 1.0)


def test_a_plane_that_is_waited_for_has_no_coarse_pictures():
    """It has only the tiles in view, each once; a quick plane starts with one over the whole view."""
    edges, units_per_px = (0.1, 0.1, 6.9, 6.9), 6.8 / 900
    slow, quick = (pyramid_for((3, 512, 512), ms, 1.0, (900, 900)) for ms in (1000.0, 1.0))
    wanted = slow.wanted(edges, units_per_px, (3.0, 3.0))
    assert sorted(wanted) == sorted(slow.meeting(edges, slow.level(units_per_px)))
    assert len(wanted) <= 81
    level = quick.level(units_per_px)
    assert {tile.level for tile in quick.wanted(edges, units_per_px, (3.0, 3.0))} == {
        level - 4,
        level - 2,
        level,
    }


def test_tiles_that_were_not_decoded_are_put_back_unless_others_are_wanted():
    """Tiles that were put back come out first."""
    queue, cut = TileQueue(), Cut(1, Chart(axis_plane((0, 0), 0, 1)), FAST)
    tiles = [Tile(0, column, 0) for column in range(4)]
    queue.replace(cut, tiles)
    _, taken = queue.take(2)
    queue.put_back(cut, taken)
    assert queue.take(4)[1] == tiles
    queue.put_back(Cut(2, cut.chart, FAST), tiles)
    assert len(queue) == 0


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_pictures_are_kept_no_larger_than_they_are_drawn(ratio):
    """1024 × 512 is reduced to what a cell shows on this screen; small pictures keep every pixel."""
    width, height = pyramid_for((3, 512, 1024), 0.2, ratio).picture_px
    assert width == 2 * 72 * ratio
    assert height == width / 2
    assert pyramid_for((1, 28, 28), 0.2, ratio).picture_px == (28, 28)


def test_what_meets_a_view_covers_it():
    """The tiles cover the view without gaps, none is outside, and all are at fixed places."""
    tiles = FAST.meeting(EDGES, 2)
    edges = np.array([FAST.edges(tile) for tile in tiles])
    assert (edges[:, :2].min(axis=0) <= EDGES[:2]).all()
    assert (edges[:, 2:].max(axis=0) >= EDGES[2:]).all()
    area = ((edges[:, 2] - edges[:, 0]) * (edges[:, 3] - edges[:, 1])).sum()
    assert area == pytest.approx(np.prod(edges[:, 2:].max(axis=0) - edges[:, :2].min(axis=0)))
    moved = FAST.meeting(tuple(edge + 0.3 for edge in EDGES), 2)
    assert len(set(tiles) & set(moved)) > len(tiles) / 2


def test_wanted_is_coarse_first_and_nearest_first():
    """Levels go from coarse to fine; within a level, tiles go by their distance to the pointer."""
    units_per_px, focus = 6.0 / 800, (2.0, 1.0)
    wanted = FAST.wanted(EDGES, units_per_px, focus)
    level = FAST.level(units_per_px)
    levels = [tile.level for tile in wanted if tile in FAST.meeting(EDGES, tile.level)]
    assert levels == sorted(levels)
    assert set(levels) == {level - 4, level - 2, level}
    finest = [tile for tile in wanted if tile.level == level]
    middles = [np.array(FAST.edges(tile)).reshape(2, 2).mean(axis=0) for tile in finest]
    distances = [np.hypot(*(middle - focus)) for middle in middles]
    assert distances == sorted(distances)
    assert len(wanted) == len(set(wanted))
    coarse = sum(tile.level < level for tile in wanted)
    assert coarse < 0.5 * len(finest)


def test_nothing_is_wanted_beyond_the_limits():
    """Quantile axes go from 0 to 1 only."""
    wanted = FAST.wanted((-5.0, -5.0, 5.0, 5.0), 0.002, (0.5, 0.5), (0.0, 0.0, 1.0, 1.0))
    assert wanted
    for left, bottom, right, top in map(FAST.edges, wanted):
        assert right > 0 and top > 0 and left < 1 and bottom < 1
    assert FAST.wanted((2.0, 2.0, 3.0, 3.0), 0.002, (0.5, 0.5), (0.0, 0.0, 1.0, 1.0)) == []


def test_z_is_that_of_the_cells_middles_and_only_where_there_is_one():
    """The top row comes first, from left to right; outside the quantiles there is no z."""
    pyramid = Pyramid((1.0, 1.0), 2, 24, (8, 8))
    z, exist = Cut(0, Chart(axis_plane((0.0, 0.0))), pyramid).places([Tile(0, 0, 0), Tile(1, -1, 2)])
    assert z[:4].tolist() == [[0.5, 1.5], [1.5, 1.5], [0.5, 0.5], [1.5, 0.5]]
    assert z[4:].tolist() == [[-0.75, 2.75], [-0.25, 2.75], [-0.75, 2.25], [-0.25, 2.25]]
    assert exist.all()
    quantiles = Cut(0, Chart(axis_plane((0.0, 0.0)), AxisScale.QUANTILES), pyramid)
    places, exist = quantiles.places([Tile(0, 0, 0)])
    assert exist.tolist() == [False, False, True, False]
    assert quantiles.chart.z(places) == pytest.approx(np.zeros((1, 2)))


def test_transparent_pixels_give_no_colour():
    """An opaque red and a transparent green pixel become one red pixel at half the opacity."""
    pictures = np.array([[[[255, 0, 0, 255], [0, 255, 0, 0]]]], np.uint8)
    assert reduced(pictures, (1, 1)).tolist() == [[[[255, 0, 0, 128]]]]
    opaque = np.random.default_rng(0).integers(0, 256, (2, 7, 9, 4), np.uint8)
    opaque[..., 3] = 255
    alone = reduced(np.ascontiguousarray(opaque[..., :3]), (4, 3))
    assert np.array_equal(reduced(opaque, (4, 3))[..., :3], alone)


@pytest.mark.parametrize("shape", [(2, 7, 9), (2, 64, 48, 3)])
def test_reducing_keeps_the_mean_and_what_is_small_enough(shape):
    """Each pixel is the mean of its part of the picture."""
    pictures = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    small = reduced(pictures, (3, 4))
    assert small.shape == (2, 4, 3, *shape[3:])
    assert small.mean() == pytest.approx(pictures.mean(), abs=6)
    assert (reduced(np.full(shape, 201, np.uint8), (3, 4)) == 201).all()
    assert reduced(pictures, (shape[2], shape[1])) is pictures


@pytest.mark.parametrize("tile", [Tile(3, 5, 6), Tile(0, -1, -1), Tile(-2, -7, 4)])
def test_an_ancestor_holds_the_tile_where_it_says(tile):
    """The part of the coarser tile has the edges of the finer one, also left of zero."""
    for levels in (1, 2, 5):
        coarser, (left, bottom, right, top) = ancestor(tile, levels)
        x0, y0, x1, y1 = FAST.edges(coarser)
        part = (x0 + left * (x1 - x0), y0 + bottom * (y1 - y0), x0 + right * (x1 - x0), y0 + top * (y1 - y0))
        assert part == pytest.approx(FAST.edges(tile))
        assert tile in descendants(coarser, levels)


def picture(value, size=100):
    return np.full(size, value, np.uint8)


def test_the_cache_drops_what_was_not_used_for_longest():
    """It stays within its limit of bytes, unless a single picture is larger."""
    cache = TileCache(350)
    for n in range(3):
        cache.put("a", Tile(0, n, 0), picture(n))
    assert cache.get("a", Tile(0, 0, 0)) is not None
    cache.put("a", Tile(0, 3, 0), picture(3))
    assert [cache.get("a", Tile(0, n, 0)) is not None for n in range(4)] == [True, False, True, True]
    assert cache.size_bytes == 300
    cache.put("a", Tile(0, 3, 0), picture(3, 120))
    assert cache.size_bytes == 320
    cache.put("b", Tile(0, 0, 0), picture(0, 1000))
    assert cache.size_bytes == 1000
    assert cache.get("a", Tile(0, 0, 0)) is None


def test_a_missing_tile_is_covered_by_its_neighbours_in_scale():
    """A part of the nearest coarser tile is drawn first, then finer tiles, and never another space's."""
    cache, tile = TileCache(), Tile(3, 5, 6)
    cache.put("other", tile, picture(9))
    assert list(cache.covering("space", tile)) == []
    for levels in (4, 2):
        cache.put("space", ancestor(tile, levels)[0], picture(levels))
    finer = descendants(tile, 1)[3]
    cache.put("space", finer, picture(7))
    (where, coarse, part), (place, fine, whole) = cache.covering("space", tile)
    assert (where, coarse[0], part) == (tile, 2, ancestor(tile, 2)[1])
    assert (place, fine[0], whole) == (finer, 7, (0.0, 0.0, 1.0, 1.0))
    cache.put("space", tile, picture(1))
    assert [found[0] for _, found, _ in cache.covering("space", tile)] == [1]


def test_the_queue_gives_each_once_and_forgets_what_was_replaced():
    """Tiles come in order, and a new list replaces the old one."""
    queue, cut = TileQueue(), Cut(0, Chart(axis_plane((0.0, 0.0))), FAST)
    assert queue.take(3) == (None, [])
    tiles = [Tile(0, n, 0) for n in range(5)]
    queue.replace(cut, tiles)
    assert queue.take(2) == (cut, tiles[:2])
    queue.replace(cut, tiles[3:])
    assert queue.take(9) == (cut, tiles[3:])
    assert len(queue) == 0
