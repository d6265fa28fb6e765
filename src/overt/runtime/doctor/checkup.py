"""Every check one after another, each with the facts that it needs."""

import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from overt.home import Home
from overt.keys.memory import harden_process
from overt.runtime.doctor import clock, facts, machine, seeing
from overt.runtime.doctor.findings import Finding, wrong
from overt.runtime.doctor.keeping import keeping
from overt.vision.store import ModelStore

_USUAL_PACK = "standard"


def checkup(home: Home, master_setting: str, deployment: Path | None = None) -> Iterator[Finding]:
    """Look at this machine, at what `home` holds, and at a deployment file's cameras if one is given.

    Nothing is begun or changed that is not there already.
    """
    yield from of_machine(home)
    yield from of_clock()
    yield from keeping(home, master_setting)
    if deployment is None:
        yield from of_models(home, _USUAL_PACK)
        return
    found, finding = seeing.deployment_file(deployment)
    yield finding
    yield from of_models(home, found.pack if found else _USUAL_PACK)
    for camera in found.cameras if found else ():
        yield seeing.camera(camera)


def of_machine(home: Home) -> Iterator[Finding]:
    """Look at what the machine is."""
    yield machine.python(sys.version_info[:3], platform.system())
    yield machine.processor(facts.cores(), facts.memory_bytes())
    yield machine.instructions(facts.processor_flags(), platform.machine())
    yield _space("disk of the record", home.path)
    yield _space("disk of temporary files", Path(tempfile.gettempdir()))
    yield machine.file_system(facts.file_system_of(home.path))
    yield machine.entropy(ready=facts.randomness_ready())
    yield machine.open_files(facts.open_file_limit())
    yield machine.core_dumps(harden_process())
    yield machine.swap(facts.swaps())


def of_clock() -> Iterator[Finding]:
    """Look at the clock, for half a second."""
    yield clock.synchronised(facts.synchronised())
    yield clock.steady(facts.clock_step_s())


def of_models(home: Home, wanted: str) -> Iterator[Finding]:
    """Look at the packs, and let the one that is wanted look at a drawn face."""
    store = ModelStore(home.models)
    yield from seeing.packs(store, wanted)
    yield seeing.inference(store, wanted)


def _space(name: str, folder: Path) -> Finding:
    try:
        return machine.disk_space(name, shutil.disk_usage(folder).free)
    except OSError as error:
        return wrong(
            name, f"It cannot be looked at: {error.strerror}.", "Check OVERT_HOME and TMPDIR."
        )
