"""An application's form as the text of a deployment file, so that one code checks both.

What cannot be written down, such as a number that is none, is said beside its field here. For
the rest `Written.fields` tells which field each setting came from, by the place that a problem
names (`overt.deployment.document.label`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import tomlkit

from overt.deployment.document import label
from overt.deployment.lines import Where
from overt.deployment.policy import Policy
from overt.vocabulary import DeploymentKind
from overt.web.pages.application_reading import (
    CLOCKS,
    UnclearError,
    a_day,
    a_moment,
    a_number,
    a_source,
    a_text,
    a_whole_number,
    a_zone,
)
from overt.web.pages.forms import Form
from overt.web.pages.incoming import Incoming

MOST_CAMERAS = 8

AUTHORITY = (
    *("applicant", "authorising_officer", "rank", "why", "where", "who", "necessity"),
    *("proportionality", "less_intrusive_alternatives", "urgent_reason"),
)
INTELLIGENCE = ("reference", "assessed_on", "recorded_by")
ASSESSMENT = ("file", "version", "review_date")
CAMERA = (
    *("name", "source", "recording", "transport", "zone"),
    *("smallest_face_px", "detection_width_px"),
)

_NAMED, _FILED = "name:", "file:"
_OFFERED = "Choose one of those that are offered."

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Written:
    """A form as a deployment file; `errors` holds, by field, what could not be written."""

    text: str
    fields: Mapping[str, str]
    errors: Mapping[str, str]


def written(form: Form, unit: str, policy: Policy, incoming: Incoming) -> Written:
    """Return the deployment file that a form makes, for a unit, with what a policy asks for."""
    writing = _Writing(form, incoming)
    writing.put(("name",), "name", form.value("name"))
    writing.put(("kind",), "kind", form.value("kind"))
    writing.put(("use_case",), "use_case", form.value("use_case"))
    writing.put(("location",), "location", form.value("location"))
    clock = form.value("clock") if form.value("clock") in CLOCKS else "UTC"
    for key in ("start", "end"):
        writing.read((key,), key, lambda text: a_moment(text, clock))
    writing.put(("unit",), "unit", unit)
    writing.read(("expected_faces",), "expected_faces", a_whole_number)
    writing.flags()
    writing.authority()
    writing.intelligence()
    writing.assessments(policy)
    writing.watchlist()
    writing.policy_and_models()
    writing.decision()
    writing.cameras()
    return Written(tomlkit.dumps(writing.values), writing.fields, writing.errors)


def camera_rows(form: Form) -> int:
    """Return how many cameras a form has room for: as many as are filled in, and one at least."""
    filled = [number for number in range(1, MOST_CAMERAS + 1) if _is_filled(form, number)]
    asked = form.value("cameras")
    room = int(asked) if asked in map(str, range(1, MOST_CAMERAS + 1)) else 1
    return max([room, *filled])


def chosen_policy(form: Form, incoming: Incoming) -> tuple[str, str]:
    """Return the chosen policy as the file's setting: `name` or `file`, and its value."""
    choice = form.value("policy")
    if choice.startswith(_FILED) and choice.removeprefix(_FILED) in incoming.policies:
        return "file", choice.removeprefix(_FILED)
    if choice.startswith(_NAMED):
        return "name", choice.removeprefix(_NAMED)
    return "name", ""


def policy_choice(key: str, value: str) -> str:
    """Return what a form calls a policy that a file gives by `name` or by `file`."""
    return f"{_FILED if key == 'file' else _NAMED}{value}"


class _Writing:
    """A deployment file that is being written from a form."""

    def __init__(self, form: Form, incoming: Incoming) -> None:
        self.values: dict[str, Any] = {}
        self.fields: dict[str, str] = {}
        self.errors: dict[str, str] = {}
        self._form = form
        self._incoming = incoming

    def put(self, where: Where, field: str, value: object) -> None:
        """Write a value in its place, unless there is none; remember its field."""
        self.fields[label(where)] = field
        if value is None or value == "":
            return
        if isinstance(value, str):
            try:
                value = a_text(value)
            except UnclearError as error:
                self.errors[field] = str(error)
                return
        table: Any = self.values
        for above, part in pairwise(where):
            empty: Any = [] if isinstance(part, int) else {}
            if isinstance(above, int):
                if above == len(table):
                    table.append(empty)
                table = table[above]
            else:
                table = table.setdefault(above, empty)
        table[where[-1]] = value

    def read(self, where: Where, field: str, reader: Callable[[str], Value]) -> None:
        """Write what a field says to a reader of its kind, unless it is empty."""
        text = self._form.value(field).strip()
        try:
            self.put(where, field, reader(text) if text else None)
        except UnclearError as error:
            self.fields[label(where)] = field
            self.errors[field] = str(error)

    def offered(self, where: Where, field: str, among: tuple[str, ...]) -> None:
        """Write what was chosen among files that are there."""
        chosen = self._form.value(field)
        if chosen and chosen not in among:
            self.fields[label(where)] = field
            self.errors[field] = "That is not there any more. Choose another."
            return
        self.put(where, field, chosen)

    def flags(self) -> None:
        """Write what makes the deployment need more authority than others."""
        given = [each for each in self._form.values.get("flags", ()) if each]
        self.put(("flags",), "flags", given or None)
        for index in range(len(given)):
            self.fields[label(("flags", index))] = "flags"

    def authority(self) -> None:
        """Write the written authority."""
        self.values["authority"] = {}
        for key in AUTHORITY:
            self.put(("authority", key), f"authority-{key}", self._form.value(f"authority-{key}"))

    def intelligence(self) -> None:
        """Write what the place rests on; a rehearsal may rest on nothing."""
        names = [f"intelligence-{key}" for key in INTELLIGENCE]
        self.fields["intelligence"] = names[0]
        live = self._form.value("kind") == DeploymentKind.LIVE
        if not live and not any(self._form.value(name).strip() for name in names):
            return
        self.values["intelligence"] = {}
        for key, name in zip(INTELLIGENCE, names, strict=True):
            where = ("intelligence", key)
            if key == "assessed_on":
                self.read(where, name, a_day)
            else:
                self.put(where, name, self._form.value(name))

    def assessments(self, policy: Policy) -> None:
        """Write each of the policy's assessments of which anything is filled in."""
        index = 0
        for each in policy.assessments:
            names = {key: f"assessment-{each.id}-{key}" for key in ASSESSMENT}
            if not any(self._form.value(name).strip() for name in names.values()):
                continue
            self.put(("assessment", index, "id"), names["file"], each.id)
            self.offered(("assessment", index, "file"), names["file"], self._incoming.documents)
            where = ("assessment", index, "version")
            self.put(where, names["version"], self._form.value(names["version"]))
            self.read(("assessment", index, "review_date"), names["review_date"], a_day)
            index += 1

    def watchlist(self) -> None:
        """Write which list, and which pictures."""
        kind = "json" if self._form.value("list").lower().endswith(".json") else "csv"
        self.values["watchlist"] = {}
        self.fields["watchlist"] = "list"
        self.offered(("watchlist", kind), "list", self._incoming.lists)
        self.offered(("watchlist", "images"), "pictures", self._incoming.pictures)

    def policy_and_models(self) -> None:
        """Write which policy the deployment is under, and which models it uses."""
        key, value = chosen_policy(self._form, self._incoming)
        self.fields |= dict.fromkeys(("policy", "[policy] name", "[policy] file"), "policy")
        if value:
            self.values["policy"] = {key: value}
        else:
            self.errors["policy"] = _OFFERED
        self.put(("models", "pack"), "pack", self._form.value("pack"))

    def decision(self) -> None:
        """Write where the deployment asks for more evidence than its policy."""
        self.read(("decision", "threshold"), "decision-threshold", a_number)
        self.put(("decision", "fpir"), "decision-fpir", self._form.value("decision-fpir"))
        name = "decision-min_agreeing_shots"
        self.read(("decision", "min_agreeing_shots"), name, a_whole_number)
        self.read(("decision", "min_inter_eye_px"), "decision-min_inter_eye_px", a_number)

    def cameras(self) -> None:
        """Write each camera of which anything is filled in."""
        index = 0
        self.fields["camera"] = "camera-1-name"
        for number in range(1, MOST_CAMERAS + 1):
            if _is_filled(self._form, number):
                self._camera(index, f"camera-{number}-")
                index += 1

    def _camera(self, index: int, names: str) -> None:
        self.values.setdefault("camera", []).append({})
        self.put(("camera", index, "name"), f"{names}name", self._form.value(f"{names}name"))
        self._source(("camera", index, "source"), names)
        transport = f"{names}transport"
        self.put(("camera", index, "transport"), transport, self._form.value(transport))
        self.read(("camera", index, "zone"), f"{names}zone", a_zone)
        for key in ("smallest_face_px", "detection_width_px"):
            self.read(("camera", index, key), f"{names}{key}", a_whole_number)

    def _source(self, where: Where, names: str) -> None:
        source, recording = f"{names}source", f"{names}recording"
        if not self._form.value(recording):
            self.read(where, source, a_source)
        elif self._form.value(source).strip():
            self.fields[label(where)] = source
            self.errors[source] = "Give an address or choose a recording, not both."
        else:
            self.offered(where, recording, self._incoming.recordings)


def _is_filled(form: Form, number: int) -> bool:
    return any(form.value(f"camera-{number}-{key}").strip() for key in CAMERA)
