"""Lines are right for whatever valid TOML a person writes."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from overt.deployment.lines import locate

_KEYS = st.sampled_from(["a", "b-1", "c_2", '"d e"', "'f.g'", "h . i", 'j."k=l"'])
_VALUES = st.sampled_from(
    [
        "1",
        '"x # y"',
        "'[not] = a # header'",
        '"""\nmore = "lines"\n[nor] a header\n"""""',
        "'''\nx = 1\n'''",
        "[1, 2, # comment = 3\n [3]]",
        '[ "]", "[" ]',
        "{ p = 1, q = [1, 2] }",
        r'"a \" quote"',
        "2024-01-19T10:00:00+00:00",
    ]
)
_BLANKS = st.sampled_from(["", "\n", "# x = 1\n", "  # [t]\n\n"])
_STATEMENTS = st.lists(
    st.tuples(_BLANKS, _KEYS, _VALUES), unique_by=lambda item: item[1], max_size=5
)


@given(_STATEMENTS, st.lists(_STATEMENTS, max_size=3), st.sampled_from(["\n", "\r\n"]))
def test_every_setting_is_found_on_the_line_it_is_written_on(
    top: list[tuple[str, str, str]], tables: list[list[tuple[str, str, str]]], ending: str
) -> None:
    text, expected = "", {}
    for number, statements in enumerate([top, *tables]):
        above: tuple[str | int, ...] = ("cam", number - 1) if number else ()
        if number:
            expected[above] = text.count("\n") + 1
            text += "[[cam]] # again\n"
        for blank, key, value in statements:
            text += blank
            (path,) = _paths(tomllib.loads(f"{key} = 0"))
            expected[above + path] = text.count("\n") + 1
            text += f"{key} = {value}\n"
    text = text.replace("\n", ending)
    tomllib.loads(text)

    assert locate(text) == expected


def _paths(values: dict[str, object]) -> list[tuple[str, ...]]:
    ((key, value),) = values.items()
    return [(key, *rest) for rest in _paths(value)] if isinstance(value, dict) else [(key,)]


def test_a_table_inside_a_repeated_one_belongs_to_the_last() -> None:
    text = "[[a]]\n[a.b]\nx = 1\n[[a]]\n[a.b]\nx = 2\n[[a.c]]\ny = 3\n"

    found = locate(text)

    assert found["a", 0, "b", "x"] == 3
    assert found["a", 1, "b", "x"] == 6
    assert found["a", 1, "c", 0, "y"] == 8
