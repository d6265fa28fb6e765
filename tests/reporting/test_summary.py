"""A run's page is complete, self-contained, readable by anyone, and says what nobody knows."""

import doctest
import re
import stat
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from example_records import (
    NOON,
    a_record,
    a_reference,
    a_run,
    a_subject,
    a_watchlist,
    an_alert,
    an_alert_record,
    begun,
    counts,
    raised,
    recorded,
    saved,
    some_statistics,
)
from overt.reporting import caveats
from overt.reporting.summary import (
    AlertCard,
    RunSummary,
    bars,
    render,
    summarise,
    write_summary,
)
from overt.storage import Enrolled
from overt.values import RunStatistics
from overt.vocabulary import DeploymentKind, LossCause, NotSearchable, RunEnding

LONDON = ZoneInfo("Europe/London")
NOUGHT = RunStatistics(0, {}, 0, {}, 0, 0, 0, 0.0, 0.0)


class Page(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element; a style sheet's text is none of the page's."""
        self.elements.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 (the parser's signature)
        """Leave a style sheet."""
        self._style = False

    def handle_data(self, data: str) -> None:
        """Keep what is to be read."""
        if not self._style:
            self.text += " ".join(data.split()) + " "

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element of this name."""
        return [attributes for name, attributes in self.elements if name == tag]


def a_summary(**changes: Any) -> RunSummary:
    run = a_run(
        ended_at=NOON + timedelta(minutes=7),
        ending=RunEnding.COMPLETED,
        statistics=some_statistics(),
        **changes,
    )
    alert = an_alert(kind=run.kind)
    record = an_alert_record(run, alert, 1)
    gone = an_alert_record(run, an_alert(kind=run.kind), 2)
    cards = (AlertCard(record, Enrolled(a_subject(), a_reference())), AlertCard(gone, None))
    return RunSummary(run, cards, NOON + timedelta(hours=5), ("gate 1.mp4",))


def bare(summary: RunSummary) -> Iterator[RunSummary]:
    run = summary.run
    yield replace(summary, alerts=(), videos=())
    yield replace(summary, run=replace(run, statistics=None, ending=None, ended_at=None))
    yield replace(summary, run=replace(run, statistics=NOUGHT, ending=RunEnding.STOPPED))
    yield replace(summary, run=replace(run, ending=RunEnding.FAILED, ending_reason="No camera."))


def every_page() -> list[str]:
    summary = a_summary()
    live = a_summary(kind=DeploymentKind.LIVE)
    return [render(each, LONDON) for each in (summary, live, *bare(summary))]


@pytest.mark.parametrize("html", every_page())
def test_a_page_loads_nothing_and_runs_nothing(html: str) -> None:
    page = Page(html)
    links = {"src", "href", "action", "data", "poster", "srcset"}
    addresses = [
        value or "" for _, have in page.elements for name, value in have.items() if name in links
    ]
    assert all(re.match(r"data:image/jpeg;base64,|#\w+$|[\w%. -]+\.mp4$", a) for a in addresses)
    assert not page.all("script")
    assert not re.search(r"https?:|@import|url\(", html)
    assert not [name for _, have in page.elements for name in have if name.startswith("on")]
    policy = [meta for meta in page.all("meta") if meta.get("http-equiv")]
    assert "default-src 'none'" in str(policy[0]["content"])


@pytest.mark.parametrize("html", every_page())
def test_a_page_can_be_read_by_everyone(html: str) -> None:
    page = Page(html)
    assert page.all("html") == [{"lang": "en-GB"}]
    assert all(image["alt"] for image in page.all("img"))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels))
    ids = [have["id"] for _, have in page.elements if "id" in have]
    assert len(ids) == len(set(ids))
    assert {have["aria-labelledby"] for _, have in page.elements if "aria-labelledby" in have} <= (
        set(ids)
    )
    assert all(cell.get("scope") for cell in page.all("th"))
    assert "width=device-width" in html


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_text_stands_out_from_its_ground_by_day_by_night_and_on_paper() -> None:
    blocks = re.findall(r":root \{([^}]*)\}", render(a_summary(), LONDON))
    day, *others = [dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in blocks]
    assert len(others) == 2
    for colours in (day, *({**day, **other} for other in others)):
        for text, ground in [
            ("ink", "paper"),
            ("ink", "panel"),
            ("ink", "behind"),
            ("muted", "paper"),
            ("muted", "panel"),
            ("link", "panel"),
            ("on-head", "head"),
            ("head-muted", "head"),
            ("on-amber", "amber"),
        ]:
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        assert contrast(colours["bar"], colours["panel"]) >= 3


def test_the_page_holds_what_the_run_was_and_what_it_saw() -> None:
    summary = a_summary()
    text = Page(render(summary, LONDON)).text
    run, statistics = summary.run, some_statistics()
    facts = [
        run.deployment,
        run.location,
        run.use_case,
        *run.authority.values(),
        "Authorising officer",
        run.pack_id,
        run.policy_version,
        run.policy_sha256,
        run.deployment_sha256,
        run.watchlist_id,
        "812",
        "655",
        "9,120",
        "30,411",
        "9,204",
        "Too small",
        "Overtaken by a newer frame",
        "Damaged in decoding",
        "15.5",
        "22.1",
        "611 MB",
        "7 min 2 s",
        "gate 1.mp4",
        "4 July 2026, 12:00:02 UTC (13:00:02 BST)",
        "comparison score 0.947, normalised 0.043, threshold 0.030; not a probability",
    ]
    assert [fact for fact in facts if fact not in text] == []
    assert all(stage.stage.capitalize() in text for stage in statistics.stage_times)


def test_only_alerts_have_pictures_and_a_destroyed_reference_says_so() -> None:
    page = Page(render(a_summary(), LONDON))
    assert len(page.all("img")) == 3
    assert page.text.count("Destroyed with its watchlist") == 1
    assert page.text.count("Possible match – for a person to decide") == 2  # noqa: RUF001


def test_a_rehearsal_is_marked_everywhere_and_a_live_run_nowhere() -> None:
    rehearsal = Page(render(a_summary(), LONDON)).text
    assert rehearsal.count("REHEARSAL") == 4, "title, strip and each of two alerts"
    live = render(a_summary(kind=DeploymentKind.LIVE), LONDON)
    assert "rehearsal" not in Page(live).text.lower()


def test_a_run_that_went_wrong_says_so_first() -> None:
    stopped, failed = list(bare(a_summary()))[2:]
    cut_off = list(bare(a_summary()))[1]
    assert "stopped before its end" in render(stopped)
    assert "The run failed. No camera." in Page(render(failed)).text.replace("  ", " ")
    assert "has not ended, or was cut off" in render(cut_off)


def test_what_was_not_covered_is_said_where_there_was_any() -> None:
    """Promise R10: seconds in which cameras were lost, or looked too rarely, stay with the run."""
    whole, short = a_summary(), a_summary()
    assert short.run.statistics is not None
    statistics = replace(
        short.run.statistics,
        lost_s=75.0,
        losses={LossCause.BROKEN: 2, LossCause.STALLED: 1},
        below_floor_s=125.4,
    )
    short = replace(short, run=replace(short.run, statistics=statistics))
    said = Page(render(short, LONDON)).text

    assert "Below the floor" not in Page(render(whole, LONDON)).text
    assert "cameras delivered nothing for 1 min 15 s altogether, 3 losses" in said
    assert "for 2 min 5 s altogether, cameras looked at fewer frames a second" in said


def test_no_text_of_a_record_becomes_markup() -> None:
    bad = "<img src=x onerror='a()'>&\"{{ 7 * 7 }}"
    summary = a_summary(
        run_id="ab" * 16,  # a random one may have 49 in it
        deployment=bad,
        location=bad,
        use_case=bad,
        authority={bad: bad},
        ending_reason=bad,
    )
    subject = replace(a_subject(), **{field.name: bad for field in fields(a_subject())})
    alert = replace(summary.alerts[0].record.alert, camera=bad, alert_id=bad, pack_id=bad)
    card = AlertCard(
        replace(summary.alerts[0].record, alert=alert),
        Enrolled(subject, a_reference(reference_id=bad, subject_id=bad)),
    )
    page = Page(render(replace(summary, alerts=(card,), videos=(bad,)), LONDON))
    assert len(page.all("img")) == 2
    assert "49" not in page.text.replace("30,411", "")
    assert bad in page.text


def test_what_a_run_cannot_tell_is_said_in_its_own_numbers() -> None:
    told = " ".join(caveat.because for caveat in caveats.of(a_summary().run))
    assert "157 were never clear or large enough" in told
    assert "too few to rule out one false alert in every 219 faces" in told
    assert len(caveats.of(a_run(statistics=None))) == 6
    assert len(caveats.of(a_run(statistics=NOUGHT, kind=DeploymentKind.LIVE))) == 5
    assert doctest.testmod(caveats).failed == 0


@given(st.integers(1, 10**7))
def test_the_rate_ruled_out_is_the_one_that_would_have_shown_itself(trials: int) -> None:
    rate = caveats.smallest_rate_ruled_out(trials)
    assert (1 - rate) ** trials == pytest.approx(0.05, rel=1e-3)


@given(st.dictionaries(st.sampled_from(NotSearchable), counts))
def test_bars_are_in_order_and_in_proportion(counted: dict[NotSearchable, int]) -> None:
    drawn = bars(counted)
    assert sum(bar.count for bar in drawn) == sum(counted.values())
    assert all(bar.count > 0 for bar in drawn)
    assert [bar.count for bar in drawn] == sorted((bar.count for bar in drawn), reverse=True)
    assert all(bar.share == pytest.approx(bar.count / drawn[0].count) for bar in drawn)


def test_a_summary_is_made_from_the_record(tmp_path: Path) -> None:
    alert = an_alert()
    with a_record(tmp_path) as record:
        run = begun(record)
        begun(record)
        facts = saved(record, a_watchlist(run.watchlist_id))
        raised(record, run, alert)
        before = summarise(record, run.run_id, ("gate.mp4",))
        record.keys.destroy([facts.key_id])
        destroyed = summarise(record, run.run_id)
        with recorded(record):
            record.watchlists.remove(run.watchlist_id, NOON)
        after = summarise(record, run.run_id)
    assert before.run == run
    assert [card.record.alert for card in before.alerts] == [alert]
    enrolled = before.alerts[0].enrolled
    assert enrolled is not None
    assert enrolled.subject == a_subject(1)
    assert destroyed.alerts[0].enrolled is None
    assert after.alerts[0].enrolled is None


def test_the_page_is_written_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "summary.html"
    summary = a_summary()
    write_summary(path, summary, LONDON)
    assert path.read_text("utf-8") == render(summary, LONDON)
    assert path.read_text("utf-8").startswith("<!doctype html>")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
