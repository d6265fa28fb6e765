"""A report told in sections: headings, sentences, tables and plots, the same on page and PDF.

A page and a PDF lay the sections out and decide nothing, so that they cannot differ in content.
Every plot is followed by a table with its numbers.
"""

from collections.abc import Iterator

from overt.evaluation.report import OperatingPoint, Report, ScoreResult
from overt.evaluation.sections_of_people import groups, label_errors
from overt.evaluation.sections_of_searches import closed_set, open_set, verification
from overt.evaluation.telling import NOTHING, Section, Table, estimate, percent, share

SHORT_FPIR = 0.01
"""The FPIR of the figures that stand first, where it was measured."""


def told(report: Report) -> tuple[Section, ...]:
    """Return a report's sections in the order in which they are read."""
    return tuple(_sections(report))


def title(report: Report) -> str:
    """Return the title of a report."""
    return f"Evaluation of {report.stamp.pack.name} on {report.data.name}"


def _sections(report: Report) -> Iterator[Section]:
    yield _in_short(report)
    yield _data(report)
    if report.verification:
        yield verification(report.verification)
    for evaluation in report.open_set:
        yield open_set(evaluation)
    if report.closed_set:
        yield closed_set(report.closed_set)
    if report.groups:
        yield groups(report.groups)
    if report.label_errors:
        yield label_errors(report.label_errors)
    yield _limits(report)
    yield _stamp(report)


def _in_short(report: Report) -> Section:
    rows = [
        ("Failure to acquire (FTA)", share(report.data.fta)),
        ("Failure to enrol (FTE)", share(report.data.fte)),
    ]
    if report.verification:
        value = estimate(report.verification.decided_right, 4)
        rows.append(("1:1, share of pairs decided rightly", value))
    for evaluation in report.open_set:
        result = next(each for each in evaluation.scores if each.score == evaluation.shown)
        point = _nearest(result, SHORT_FPIR)
        name = f"TPIR at FPIR {percent(point.fpir)}, {evaluation.list_size:,} listed"
        rows.append((f"{name} ({result.score})", estimate(point.tpir)))
    note = "In brackets: 95 % interval."
    table = Table("The figures that are asked for first", ("figure", "value"), tuple(rows), note)
    return Section("in-short", "In short", tables=(table,))


def _nearest(result: ScoreResult, fpir: float) -> OperatingPoint:
    return min(result.points, key=lambda point: abs(point.fpir - fpir))


def _data(report: Report) -> Section:
    data = report.data
    rows = (
        ("Photographs", f"{data.photographs:,}"),
        ("Subjects", f"{data.subjects:,}"),
        ("Subjects with more than one usable photograph", f"{data.subjects_with_several:,}"),
        ("Templates", f"{data.templates:,}"),
        ("Failure to acquire (FTA), of photographs", share(data.fta)),
        ("Failure to enrol (FTE), of subjects", share(data.fte)),
    )
    tables = [Table("What was in the data set", ("what", "count"), rows)]
    if data.left_out:
        counted = sorted(data.left_out.items(), key=lambda item: (-item[1], item[0]))
        left_out = tuple((_sentence(why), f"{count:,}") for why, count in counted)
        note = "problems.csv names every one of them."
        tables.append(Table("What was not used, and why", ("why", "count"), left_out, note))
    return Section(
        "data",
        "The data",
        (
            (
                "Templates were made as an enrolment makes them: by the same detector, alignment and"
                " network, with the mirrored chip."
            ),
        ),
        tables=tuple(tables),
    )


def _limits(report: Report) -> Section:
    return Section(
        "limits",
        "What these figures do not tell",
        (
            (
                "They hold for this data set, this pack and these list sizes. Other cameras, light and"
                " people give other rates."
            ),
            (
                "A rate of photographs is not a rate of passers-by: a passage is searched several"
                " times, and an alert needs shots that agree."
            ),
            (
                "An interval says how much so few searches allow; it says nothing of what the data set"
                " lacks."
            ),
            *report.notes,
        ),
    )


def _stamp(report: Report) -> Section:
    stamp = report.stamp
    policy = f"{stamp.policy.name}, sha256 {stamp.policy.sha256}" if stamp.policy else NOTHING
    took = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in stamp.seconds.items())
    rows = (
        ("Report's schema", report.schema),
        ("Overt", f"{stamp.overt}, commit {stamp.commit}"),
        ("Command", stamp.command),
        ("Seed", str(stamp.seed)),
        ("Data set", f"{report.data.name}, sha256 {report.data.sha256}"),
        ("Pack", f"{stamp.pack.name}, {stamp.pack.pack_id}"),
        *((f"Pack's file {file.name}", f"sha256 {file.sha256}") for file in stamp.pack.files),
        ("Policy", policy),
        (
            "Machine",
            (
                f"{stamp.machine.cpu}, {stamp.machine.cores} cores,"
                f" {stamp.machine.memory_gib:g} GiB, {stamp.machine.system},"
                f" Python {stamp.machine.python}"
            ),
        ),
        ("Made", stamp.made_at),
        ("Took", took or NOTHING),
        ("Most memory", f"{stamp.peak_memory_mib:,} MiB"),
    )
    table = Table("What made this report", ("what", "value"), rows, words=True)
    return Section("stamp", "How it was made", tables=(table,))


def _sentence(words: str) -> str:
    spaced = words.replace("_", " ")
    return spaced[:1].upper() + spaced[1:]
