"""Figures over time: right sums, right intervals, and charts that a page can hold."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from overt.publication.imported import read_published
from overt.publication.imported_page import page, rows_in_words
from overt.publication.trend_plots import charts
from overt.publication.trends import for_programs, trends
from published_files import days, examined, read, row, with_break

_RECORD = "records/met_lfr_deployments_2023_to_may2025.csv"


def test_rows_are_added_up_by_month_and_by_threshold(tmp_path: Path) -> None:
    rows = [*days(40)[:30], *days(40, min_threshold="0.64", watchlist=12_000)[30:]]

    added = trends(read(tmp_path, rows))

    assert [(each.label, each.deployments) for each in added.by_month] == [
        ("Jan 2024", 30),
        ("Feb 2024", 10),
    ]
    first, second = added.by_threshold
    assert (first.label, first.deployments, second.label, second.deployments) == (
        "0.6", 30, "0.64", 10,
    )  # fmt: skip
    assert (first.faces, first.alerts, first.false, first.arrests) == (33_690, 120, 30, 60)
    assert list(second.watchlists) == [12_000, 12_000, 12_000]
    assert added.whole.hours == 200
    assert [float(threshold) for _, threshold in added.changes] == [0.6, 0.64]


def test_a_row_out_of_order_counts_under_its_threshold_and_in_no_month(tmp_path: Path) -> None:
    rows = days(20)
    rows[9] |= {"date": rows[9]["date"].replace("/24", "/23")}

    added = trends(read(tmp_path, rows))

    assert added.left_out == 1
    assert sum(each.deployments for each in added.by_month) == 19
    assert added.by_threshold[0].deployments == 20


def test_intervals_of_counts_are_garwoods(tmp_path: Path) -> None:
    """0 of a Poisson count: 0 to 3.689; 10: 4.795 to 18.390 (any table of them)."""
    none, ten = (
        trends(read(tmp_path, [row(alerts=alerts, duration="1h")])).whole for alerts in (0, 10)
    )

    assert none.alerts_an_hour_interval == pytest.approx((0, 3.689), abs=1e-3)
    assert ten.alerts_an_hour_interval == pytest.approx((4.795, 18.390), abs=1e-3)


def test_a_rate_that_cannot_be_is_none(tmp_path: Path) -> None:
    added = trends(read(tmp_path, [row(false_confirmed=9, faces_seen_estimate=0, duration="0h")]))

    assert added.whole.false_per_face is None
    assert added.whole.false_per_alert is None
    shown = for_programs(added)["whole"]
    assert isinstance(shown, dict)
    assert shown["false_per_face"] is None


def test_charts_are_whole_svg_in_the_colours_of_their_page(tmp_path: Path) -> None:
    added = trends(read(tmp_path, with_break(5.0)))

    drawn = charts(added)

    assert len({chart.heading for chart in drawn}) == 5
    for chart in drawn:
        assert ET.fromstring(chart.svg).tag.endswith("svg")  # noqa: S314  our own
        assert "var(--muted)" in chart.svg
        assert "#01010" not in chart.svg
        assert chart.words
    assert [chart.svg.count("faces seen: changed") for chart in drawn] == [0, 1, 0, 1, 0]
    assert [each.svg for each in charts(added)] == [each.svg for each in drawn]


@pytest.mark.parametrize(
    "rows",
    [
        days(1),
        days(2, faces_seen_estimate=0, duration="0h 00m"),
    ],
)
def test_a_page_can_be_made_of_little(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    examination = examined(tmp_path, rows)

    assert "<svg" in page(examination, trends(examination.published.rows))


def test_the_page_shows_what_was_found_and_nothing_of_a_cell_can_act(tmp_path: Path) -> None:
    rows = [*days(11), row(date="13/01/24", alerts=9, location="<script>x</script>, Anytown")]
    examination = examined(tmp_path, rows)

    text = page(examination, trends(examination.published.rows))

    assert "row 13:" in text
    assert "9 alerts, yet 3 true confirmed" in text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "http" not in text.split("<body>")[1].replace("http://www.w3.org", "")


def test_many_rows_are_drawn_together() -> None:
    assert rows_in_words(tuple(range(2, 9))) == "rows 2 to 8"
    assert rows_in_words(tuple(range(2, 60, 2))).endswith("and 17 more")


@pytest.mark.data
def test_the_published_record_adds_up_to_what_is_known_of_it(data_dir: Path) -> None:
    """What was reckoned by others from the same grids, before there was any of this code."""
    added = trends(read_published(data_dir / _RECORD).rows)

    assert [
        (each.label, each.deployments, each.faces, each.alerts, each.false, each.arrests)
        for each in added.by_threshold
    ] == [
        ("0.6", 112, 491_246, 691, 25, 306),
        ("0.62", 10, 16_589, 54, 4, 31),
        ("0.64", 155, 1_863_630, 1_413, 5, 614),
    ]
    rates = [each.false_per_alert for each in added.by_threshold]
    assert [round(100 * rate.value, 2) for rate in rates if rate] == [3.62, 7.41, 0.35]
