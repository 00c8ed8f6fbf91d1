"""Start a script on some ranks as torchrun does, in a fraction of its time, but watch over none of them.

    python forked_ranks.py COUNT SCRIPT ARGUMENT…

The ranks are forked from this process, which has the imports behind it. It ends when all of them have, with
the first status that is not 0.
"""

import os
import runpy
import socket
import sys

import training.fit  # noqa: F401 - what every rank needs


def fork_rank(rank: int, count: int, port: int, script: str) -> int:
    """A process that runs the script as one of the ranks; its id."""
    pid = os.fork()
    if pid == 0:
        facts = {"RANK": rank, "WORLD_SIZE": count, "LOCAL_RANK": rank, "MASTER_PORT": port}
        os.environ.update({name: str(value) for name, value in facts.items()}, MASTER_ADDR="localhost")
        runpy.run_path(script, run_name="__main__")
        sys.exit(0)
    return pid


def main() -> None:
    """Fork all ranks and wait for them."""
    count, script = int(sys.argv[1]), sys.argv[2]
    sys.argv = sys.argv[2:]
    with socket.create_server(("localhost", 0)) as server:
        port = server.getsockname()[1]
    pids = [fork_rank(rank, count, port, script) for rank in range(count)]
    statuses = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    sys.exit(next((status for status in statuses if status), 0))


if __name__ == "__main__":
    main()
