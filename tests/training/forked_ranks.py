"""Start scripts on some ranks as torchrun does, in a fraction of its time, but without watching over them.

    python forked_ranks.py

For each line on standard input, a JSON list of a folder for the output, the number of ranks, a script and its
arguments, it forks a job, prints its process id and, after it has ended, its exit status. The job forks the
ranks, or runs the script itself if there is only one, and ends when all ranks have, with the first status
that is not 0. Imports take seconds; this process has done them already.
"""

import json
import os
import runpy
import socket
import sys
from pathlib import Path
from typing import NoReturn

from small_fit import import_lazy_modules  # with all that every rank needs


def fork_rank(rank: int, count: int, port: int, script: str) -> int:
    """A process that runs the script as one of the ranks; its id."""
    pid = os.fork()
    if pid == 0:
        facts = {"RANK": rank, "WORLD_SIZE": count, "LOCAL_RANK": rank, "MASTER_PORT": port}
        os.environ.update({name: str(value) for name, value in facts.items()}, MASTER_ADDR="localhost")
        run_script(script)
    return pid


def run_script(script: str) -> NoReturn:
    """Run the script in this process and exit."""
    runpy.run_path(script, run_name="__main__")
    sys.exit(0)


def run_job(folder: str, count: int, script: str, *arguments: str) -> NoReturn:
    """Be a job: its own process group, with files for the output."""
    os.setsid()
    for stream, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(folder, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    sys.argv = [script, *arguments]
    if count == 1:
        run_script(script)
    with socket.create_server(("localhost", 0)) as server:
        port = server.getsockname()[1]
    pids = [fork_rank(rank, count, port, script) for rank in range(count)]
    statuses = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    sys.exit(next((status for status in statuses if status), 0))


if __name__ == "__main__":
    import_lazy_modules()
    for line in sys.stdin:
        job = os.fork()
        if job == 0:
            run_job(*json.loads(line))
        print(job, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1]), flush=True)
