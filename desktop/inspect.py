"""python -m desktop.inspect MODEL: describe a model file and how it is read, without trusting it."""

import json
from pathlib import Path
from typing import Any

import click

from desktop.base.installed import needed, version_option

with needed("desktop", "python -m desktop.inspect", __name__):
    from desktop.base.machine import DeviceError

from desktop.app.describe import describe, facts, flat_lines
from desktop.base.command_line import printable, run_command, say_on_stderr
from desktop.base.errors import ModelError
from desktop.base.option_groups import GroupedCommand
from desktop.base.shipped import shipped_bundle
from desktop.models.open_source import open_source
from desktop.models.runtime import describe_runtime
from desktop.reading.command_options import overrides_from, reading_options
from desktop.vetting.opening import Opening
from export.bundle import BundleError


@click.command(
    cls=GroupedCommand,
    name="python -m desktop.inspect",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.argument("model", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--runtime", is_flag=True, help="Print the facts about this machine for a bug report instead.")
@reading_options
@version_option
def command(model: Path | None, as_json: bool, runtime: bool, **reading: Any) -> None:
    """Describe MODEL and how it is read: what is certain and what is a guess.

    By default, MODEL is the bundle that ships with the program. The file is inspected, and tried in a
    separate process with limits on time and memory.
    """
    if runtime:
        found = describe_runtime()
        click.echo(json.dumps(found, indent=2) if as_json else "\n".join(flat_lines("", found)))
        return
    tell = Opening(say_on_stderr)
    source = open_source(model or shipped_bundle(), overrides_from(**reading), tell, use_saved=False)
    if as_json:
        click.echo(json.dumps(facts(source), indent=2))
        return
    lines = describe(source)
    if any(read is not None and read.guesses for read in (source.reading, source.encoder_reading)):
        lines += ["", "guesses can be set by options (see --help), or in the viewer's File menu"]
    click.echo(printable("\n".join(lines)))


def main() -> None:
    """Run the command line and exit."""
    run_command(command, (BundleError, DeviceError, ModelError))


if __name__ == "__main__":
    main()
