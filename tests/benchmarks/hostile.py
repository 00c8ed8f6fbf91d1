"""Measures the time until hostile model files are refused, and the memory used.

    python tests/benchmarks/hostile.py

Every file of `tests/desktop/hostile_models.py` is opened as the program would open it, by a command in a
process of its own. The memory is the peak of that process and of each of its children, whichever is larger.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.desktop.hostile_models import MUTATIONS, corpus, mutated, truncated

# A small process starts the command, because the parent's memory counts as the command's until it has begun.
# Prints the peak memory of the command and of its children, among them the trial.
OBSERVER = """
import resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
seconds = time.perf_counter() - start
print(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.returncode)
print(done.stdout)
"""


def look(path: Path) -> tuple[float, int, int, str]:
    """Seconds, peak memory in bytes, exit status and first line of `desktop.inspect`."""
    command = [sys.executable, "-c", OBSERVER, sys.executable, "-m", "desktop.inspect", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    facts, _, said = done.stdout.partition("\n")
    seconds, memory_kib, status = facts.split()
    return float(seconds), int(memory_kib) << 10, int(status), said.strip().splitlines()[0]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--mutations", type=int, default=MUTATIONS, help="how many of the mutations to run (default: all)"
    )
    arguments = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    worst: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:

        def row(group: str, name: str, write) -> None:
            path = Path(folder) / f"{abs(hash((group, name)))}.onnx"
            write(path)
            seconds, memory, status, said = look(path)
            accepted = status == 0
            ends = worst.setdefault(group, [0, 0, 0, 0])
            ends[0] += 1
            ends[1] = max(ends[1], seconds)
            ends[2] = max(ends[2], memory / 2**20)
            ends[3] += accepted
            if group == "corpus":
                words = said.removeprefix("python -m desktop.inspect: ").replace(str(path), "FILE")
                print(f"{name:<30} {seconds:5.2f} s {memory / 2**20:6.0f} MiB  exit {status}  {words[:110]}")
            assert status in (0, 2), (name, status, said)

        for name, write in corpus():
            row("corpus", name, write)
        for index, content in enumerate(truncated()):
            row("truncated", str(index), lambda path, content=content: path.write_bytes(content))
        for index, content in zip(range(arguments.mutations), mutated(), strict=False):
            row("mutated", str(index), lambda path, content=content: path.write_bytes(content))
    print(f"\n{'group':<12} {'n':>4} {'worst s':>8} {'worst MiB':>10} {'accepted':>9}")
    for group, (count, seconds, memory, accepted) in worst.items():
        print(f"{group:<12} {count:4.0f} {seconds:8.2f} {memory:10.0f} {accepted:9.0f}")


if __name__ == "__main__":
    main()
