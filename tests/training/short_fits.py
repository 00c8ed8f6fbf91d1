"""Short fits of 21 steps, each in a process of its own, and what they leave and print."""

import json
import re
import subprocess
import sys
from pathlib import Path

SMALL_FIT = Path(__file__).with_name("small_fit.py")
# 3 epochs of 7 steps; the last step of each has 8 images; a checkpoint after every step.
TRAIN_COUNT, TEST_COUNT, STEPS = 200, 20, 21
OPTIONS = (
    *("--filters", "2", "2", "--batch-size", "32", "--epochs", "3", "--device", "cpu"),
    *("--checkpoint-seconds", "0"),
)
# What is printed of each epoch.
EPOCH_LINE = re.compile(
    r"epoch +(\d+)/(\d+)   test ELBO +(-\d+\.\d\d) nats   rate +(\d+\.\d\d)   "
    r"distortion +(\d+\.\d\d) +\d+\.\d s"
)
SECONDS = ("train_seconds", "epoch_seconds", "images_a_second")


class Fits:
    """The server of small_fit.py, which runs one fit at a time."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._server = subprocess.Popen(
            [sys.executable, "-W", "error", SMALL_FIT, str(TRAIN_COUNT), str(TEST_COUNT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, *options: object) -> int:
        """Start a fit and return its process id."""
        self.log.unlink(missing_ok=True)
        self._server.stdin.write(json.dumps([*OPTIONS, *map(str, options), str(self.log)]) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def status(self) -> int:
        """Wait until the fit has ended; return its exit status, or minus the signal that ended it."""
        return int(self._server.stdout.readline())

    def run(self, *options: object) -> tuple[int, str]:
        """Run a fit to its end; return its exit status and everything that it printed."""
        self.start(*options)
        return self.status(), self.log.read_text()

    def close(self) -> None:
        """End the server."""
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()


def metrics_without_seconds(folder: Path) -> list[dict[str, object]]:
    """The lines of metrics.jsonl, without the times, which differ between any two fits."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name not in SECONDS} for line in lines]
