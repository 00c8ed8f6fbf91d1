"""training/step_graph.py: a recorded step gives the same results as an ordinary one."""

import dataclasses

import pytest
import torch

from training.config import RECIPES
from training.loop import Trainer
from training.step_graph import WARM_UP_STEPS

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="a CUDA graph needs CUDA")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_recorded_steps_give_the_losses_of_ordinary_steps(small_mnist, precision):
    """Two epochs with recorded steps have the same losses as two without, up to the order of additions."""
    config = dataclasses.replace(RECIPES["default"], epochs=2, batch_size=30, precision=precision)
    losses = []
    for recorded in (True, False):
        trainer = Trainer(config, small_mnist.train_images, torch.device("cuda"))
        if not recorded:
            trainer.step_graph = None
        epochs = []
        for _ in range(config.epochs):
            trainer.train_epoch(lambda _: None)
            epochs.append(trainer.losses_nats.cpu().clone())
        losses.append(torch.cat(epochs))
        assert recorded == (trainer.step_graph is not None and trainer.step_graph.capture_seconds > 0)
    tolerance = {"float32": 1e-3, "bfloat16": 2e-2}[precision]
    torch.testing.assert_close(losses[0], losses[1], rtol=tolerance, atol=0)
    assert len(set(losses[0].tolist())) > WARM_UP_STEPS + 10


def test_the_steps_before_the_recording_are_taken_once(small_mnist):
    """The optimizer takes exactly one step per training step; recording does not add one."""
    config = dataclasses.replace(RECIPES["default"], epochs=1, batch_size=64)
    trainer = Trainer(config, small_mnist.train_images, torch.device("cuda"))
    trainer.train_epoch(lambda _: None)
    assert {int(state["step"]) for state in trainer.state()["optimizer"].values()} == {8}
