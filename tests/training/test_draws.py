"""training/draws.py: the seed and the epoch alone decide the order and the noise of an epoch."""

import pytest
import torch

from training.draws import draw_epoch

COUNT = 20_000


def test_the_same_arguments_give_the_same_draws():
    """Drawn twice, order and noise are equal in every bit, even if the global generator was used between."""
    order, noise = draw_epoch(3, 2, COUNT, 4)
    torch.manual_seed(99)
    torch.randn(7)
    again_order, again_noise = draw_epoch(3, 2, COUNT, 4)
    assert torch.equal(order, again_order)
    assert torch.equal(noise, again_noise)


def test_drawing_leaves_the_global_generator_alone():
    """The state of PyTorch's global generator is the same before and after a draw."""
    before = torch.get_rng_state()
    draw_epoch(0, 0, 100, 2)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("other", [(1, 0), (0, 1), (2**31 - 1, 0), (0, 2**31)], ids=str)
def test_another_seed_or_epoch_gives_other_draws(other):
    """Another seed, or another epoch, gives a different order and different noise."""
    order, noise = draw_epoch(0, 0, COUNT, 2)
    other_order, other_noise = draw_epoch(*other, COUNT, 2)
    # Two independent orders agree in about one place.
    assert (order == other_order).sum() < 10
    assert not (noise == other_noise).all(dim=1).any()


def test_seed_and_epoch_are_not_mixed_up():
    """Seed 1 in epoch 0 and seed 0 in epoch 1 give different draws, as do 2 with 3 and 3 with 2."""
    for (a, b), (c, d) in (((1, 0), (0, 1)), ((2, 3), (3, 2))):
        assert not torch.equal(draw_epoch(a, b, 100, 2)[0], draw_epoch(c, d, 100, 2)[0])


@pytest.mark.parametrize("count", [1, 2, 300])
def test_the_order_has_every_image_once(count):
    """The order is a permutation, and the noise has a row for each place in it."""
    order, noise = draw_epoch(0, 1, count, 3)
    assert sorted(order.tolist()) == list(range(count))
    assert order.dtype == torch.int64
    assert (noise.shape, noise.dtype) == ((count, 3), torch.float32)


def test_the_noise_is_standard_normal():
    """It has mean 0, variance 1, 68 % within ±1, and no correlation between dimensions or neighbours."""
    noise = draw_epoch(0, 0, COUNT, 2)[1].double()
    error = COUNT**-0.5
    assert noise.mean(dim=0).abs().max() < 4 * error
    assert (noise.var(dim=0) - 1).abs().max() < 4 * 2**0.5 * error
    assert (noise.abs() < 1).double().mean().item() == pytest.approx(0.6827, abs=4 * 0.466 * error)
    assert (noise[:, 0] * noise[:, 1]).mean().abs() < 4 * error
    assert (noise[1:] * noise[:-1]).mean().abs() < 4 * error
