"""One rank of a job that test_ranks.py starts: it trains an epoch and records it.

    rank_steps.py FOLDER

Reads FOLDER/NAME.npz with images, and FOLDER/NAME.json with a config; writes FOLDER/NAME-RANK.npz with the
losses of an epoch, the weights after it, and the images and their number in every step of this rank.
"""

import os
import sys
from pathlib import Path

import numpy as np
import torch

from training.config import from_json
from training.loop import Trainer
from training.ranks import joined, ranks_from


def main() -> None:
    """Train one epoch of each case in FOLDER."""
    folder = Path(sys.argv[1])
    ranks, device = ranks_from(os.environ), torch.device("cpu")
    with joined(ranks, device):
        for case in sorted(folder.glob("*.json")):
            images = np.load(case.with_suffix(".npz"))["images"]
            trainer = Trainer(from_json(case.read_text()), images, device, ranks)
            shares: list[torch.Tensor] = []
            trainer.objective.register_forward_pre_hook(lambda _, inputs, to=shares: to.append(inputs[0]))
            trainer.train_epoch(lambda _: None)
            np.savez(
                folder / f"{case.stem}-{ranks.rank}.npz",
                losses=trainer.losses_nats.numpy(),
                weights=torch.cat([p.detach().flatten() for p in trainer.model.parameters()]).numpy(),
                images=torch.cat(shares).numpy().astype(np.uint8),
                sizes=np.array([len(share) for share in shares]),
            )


if __name__ == "__main__":
    main()
