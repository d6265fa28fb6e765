"""`overt doctor`: look at the machine, and say what to do."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("doctor")(doctor)


def doctor(
    *,
    deployment: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A deployment file: open each of its cameras too."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Look at this machine and at what Overt keeps on it, and say what to do.

    Ends with status 1 if anything is wrong.
    It names nobody and shows no password, so that its findings can be sent to whoever helps.
    """
    import os
    from dataclasses import asdict

    from overt.cli import screen
    from overt.home import Home
    from overt.runtime.doctor import Finding, Standing, checkup

    found: list[Finding] = []
    setting = os.environ.get("OVERT_MASTER_KEY", "local")
    for finding in checkup(Home.current(), setting, deployment):
        found.append(finding)
        if not as_json:
            screen.say(f"{finding.standing:9}  {finding.name}: {finding.words}")
            if finding.remedy:
                screen.say(f"{'':9}  → {finding.remedy}")
    counts = {each: sum(one.standing is each for one in found) for each in Standing}
    if as_json:
        findings = [asdict(each) for each in found]
        screen.print_json({"findings": findings, "counts": counts})
    else:
        screen.say(", ".join(f"{count} {standing}" for standing, count in counts.items()) + ".")
    if counts[Standing.WRONG]:
        raise typer.Exit(1)
