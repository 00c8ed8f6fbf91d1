"""training/image_access.py: images that stay in their file give the same fit."""

import dataclasses

import numpy as np
import pytest
import torch

from training import image_access
from training.config import RECIPES
from training.image_access import fits, on_device, read_ahead, sample
from training.loop import Trainer
from training.ranks import ALONE, Ranks

CPU = torch.device("cpu")
CONFIG = dataclasses.replace(RECIPES["default"], epochs=2, batch_size=16, warp_share=0.0, filters=(2, 2))


@pytest.fixture
def mapped(tmp_path, monkeypatch, small_mnist):
    """The first 88 images of MNIST in a file, where no dataset is small enough to be kept in memory."""
    monkeypatch.setattr(image_access, "RESIDENT_BYTES", 0)
    monkeypatch.setattr(image_access, "SAMPLE", 88)
    images = small_mnist.train_images[:88]
    (tmp_path / "images").write_bytes(images.tobytes())
    return np.memmap(tmp_path / "images", np.uint8, "c", shape=images.shape)


def state_after(trainer, steps=None):
    """The weights and losses after some steps, or two epochs."""

    def count(_size):
        if trainer.step == steps:
            raise StopIteration

    try:
        while trainer.step < trainer.step_count:
            trainer.train_epoch(count)
    except StopIteration:
        pass
    return trainer.state()


def same(one, other):
    """Whether two states hold the same bits."""
    flat = [torch.cat([value.flatten() for value in state["model"].values()]) for state in (one, other)]
    return torch.equal(*flat) and torch.equal(one["losses_nats"], other["losses_nats"])


def test_a_fit_from_a_file_is_that_from_memory_to_the_bit(mapped):
    """Two epochs, the last batch of each smaller than the others."""
    assert not fits(mapped, CPU)
    assert fits(np.array(mapped), CPU)
    from_file = state_after(Trainer(CONFIG, mapped, CPU))
    assert same(from_file, state_after(Trainer(CONFIG, np.array(mapped), CPU)))


@pytest.mark.parametrize("warp_share", [0.0, 0.5])
def test_it_goes_on_in_the_middle_of_an_epoch_to_the_bit(mapped, warp_share):
    """A fit that stopped after 8 of 12 steps ends like one that did not; distorted images too."""
    config = dataclasses.replace(CONFIG, warp_share=warp_share, warp_from_epoch=0)
    stopped = state_after(Trainer(config, mapped, CPU), steps=8)
    resumed = Trainer(config, mapped, CPU)
    resumed.restore(stopped)
    assert same(state_after(resumed), state_after(Trainer(config, mapped, CPU)))


def test_each_rank_reads_its_share_alone(mapped):
    """The shares of two ranks, in turn, are the batches of one."""
    whole, first, second = (
        [*trainer_of(mapped, ranks)._batches_in_file(torch.arange(88).flip(0), 0)]
        for ranks in (ALONE, Ranks(0, 2, 0), Ranks(1, 2, 1))
    )
    assert [len(batch) for batch in second] == [8, 8, 8, 8, 8, 4]
    for batch, parts in zip(whole, zip(first, second, strict=True), strict=True):
        assert torch.equal(batch, torch.cat(parts))


def trainer_of(images, ranks):
    """A trainer that takes no step, as one of the ranks."""
    trainer = Trainer(CONFIG, images, CPU)
    trainer.ranks = ranks
    return trainer


def test_batches_come_in_their_order(mapped):
    """Each batch is the images with its indices, in any order, and an error of the reader is raised."""
    batches = [torch.tensor([5, 2, 9]), torch.tensor([87]), torch.tensor([0, 1])]
    for indices, images in zip(batches, read_ahead(mapped, batches), strict=True):
        np.testing.assert_array_equal(images, mapped[indices.numpy()])
    with pytest.raises(IndexError):
        list(read_ahead(mapped, [torch.tensor([88])]))


def test_as_numbers_images_need_more_room(mapped, monkeypatch):
    """Bytes of a file that fit into memory may not as float32."""
    monkeypatch.setattr(image_access, "RESIDENT_BYTES", mapped.nbytes)
    assert fits(mapped, torch.device("cpu"))
    assert not fits(mapped, torch.device("cpu"), number_bytes=4)


@pytest.mark.parametrize("there_is_room", [True, False])
def test_images_for_which_there_is_no_room_on_the_device_stay(monkeypatch, there_is_room):
    """Test images, too, may be more than a GPU holds."""
    monkeypatch.setattr(image_access, "fits", lambda *_: there_is_room)
    images = np.arange(12, dtype=np.uint8).reshape(3, 1, 2, 2)
    found = on_device(images, torch.device("meta"))
    assert found.device.type == ("meta" if there_is_room else "cpu")
    assert found.shape == images.shape


def test_a_sample_stands_for_a_large_file(mapped, monkeypatch):
    """It is spread over the file, in memory; a dataset in memory is its own sample."""
    monkeypatch.setattr(image_access, "SAMPLE", 4)
    few = sample(mapped)
    assert type(few) is np.ndarray
    np.testing.assert_array_equal(few, np.asarray(mapped)[[0, 29, 58, 87]])
    images = np.array(mapped)
    assert sample(images) is images
