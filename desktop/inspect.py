"""python -m desktop.inspect MODEL: what a model file is and how it is read, without trusting it."""

import json
from pathlib import Path
from typing import Any

import click

from desktop.app.describe import describe, facts, flat_lines
from desktop.base.command_line import printable, run_command
from desktop.base.errors import ModelError
from desktop.base.machine import DeviceError
from desktop.base.shipped import shipped_bundle
from desktop.models.model import describe_runtime
from desktop.models.source import open_source
from desktop.reading.command_options import reading_options, wanted_from
from export.bundle import BundleError


@click.command(
    name="python -m desktop.inspect",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.argument("model", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--runtime", is_flag=True, help="Print what a bug report needs of this machine instead.")
@reading_options
def command(model: Path | None, as_json: bool, runtime: bool, **reading: Any) -> None:
    """Say what MODEL is and how it is read, by default the bundle that ships: what is certain, what a guess.

    The file is looked into, and tried in a process of its own with limits on time and memory.
    """
    if runtime:
        found = describe_runtime()
        click.echo(json.dumps(found, indent=2) if as_json else "\n".join(flat_lines("", found)))
        return
    source = open_source(model or shipped_bundle(), wanted_from(**reading))
    click.echo(json.dumps(facts(source), indent=2) if as_json else printable("\n".join(describe(source))))


def main() -> None:
    """Run the command line and exit."""
    run_command(command, (BundleError, DeviceError, ModelError))


if __name__ == "__main__":
    main()
