"""Every mistake a tired duty officer makes is named, with its line and what to do."""

import pytest
from deployment_files import LIVE, REHEARSAL, Find, Write

from overt.deployment.file import Deployment
from overt.errors import DeploymentFileError, OvertError

_AUTHORITY = REHEARSAL[REHEARSAL.index("[authority]") : REHEARSAL.index("[watchlist]")]
_CAMERAS = REHEARSAL[REHEARSAL.index("[[camera]]") :]

# (what is written, what is written instead, line, in the message, in the remedy)
_MISTAKES = [
    # the window
    ("T10:00:00+00:00", "T10:00:00", 5, "which time zone", "write 2024-01-19T10:00:00"),
    ("2024-01-19T10:00:00+00:00", '"2024-01-19T10:00:00Z"', 5, "date and a time", "without quot"),
    ("2024-01-19T10:00:00+00:00", "2024-01-19", 5, "date and a time", "2024-01-19T10:00"),
    ("T16:30:00+00:00", "T09:30:00+00:00", 6, "not after start", "Check the dates"),
    ("T16:30:00+00:00", "T10:00:00+00:00", 6, "not after start", "Check the dates"),
    ("T16:30:00+00:00", "T10:30:00+01:00", 6, "not after start", "time zones"),
    ("2024-01-19T16", "2024-01-29T16", 6, "more than 24 hours", "Check the dates"),
    ("2024-01-19T10", "0024-01-19T10", 5, "year that cannot be meant", "Check the year"),
    ("2024-01-19T16", "9999-12-31T23", 6, "year that cannot be meant", "Check the year"),
    # the authority
    ("Supt Grace Hopper 456", "Insp Ada Byron 123", 10, "is the applicant", "Someone else"),
    ("Supt Grace Hopper 456", "  INSP   ada byron (123) ", 10, "is the applicant", "Someone else"),
    ("Supt Grace Hopper 456", "Byron, Ada Insp 123", 10, "is the applicant", "Someone else"),
    ('"Superintendent"', '"Sergeant"', 11, "not a rank", "superintendent, chief"),
    ('"Superintendent"', '"Superintendant"', 11, "not a rank", "Did you mean superintendent?"),
    ('"Patrols looking for them have failed."', '""', 15, "is empty", "without facial recog"),
    ('"Patrols looking for them have failed."', '"  \\n "', 15, "is empty", "without facial"),
    ('"Patrols looking for them have failed."', '"TBC"', 15, "place of an answer", "without faci"),
    ('"Patrols looking for them have failed."', '"..."', 15, "place of an answer", "without faci"),
    ('"House visits, tried twice each."', '"None."', 19, "place of an answer", "considered"),
    ('"Patrols looking for them have failed."', "true", 15, "must be text", "quotation marks"),
    ('"Patrols looking for them have failed."', '["a", "b"]', 15, "not a list", "without facial"),
    ("To find people", r"To \u001b[2Jfind people", 12, "cannot be seen", "type it again"),
    ("To find people", r"To \u202efind people", 12, "cannot be seen", "type it again"),
    # misspelt, misplaced, missing
    ("necessity =", "neccessity =", 15, "not a setting", "Did you mean necessity?"),
    ("necessity =", "neccessity =", 8, "is missing", "without facial recognition"),
    ("location =", "venue =", None, "is missing", "Where the cameras stand"),
    ("location =", "venue =", 4, "not a setting", "Settings here are"),
    ('rank = "Superintendent"', 'rank = "Superintendent"\npack = "x"', 12, "not a", "[models]"),
    ('rank = "Superintendent"', 'rank = "Superintendent"\nend = 1', 12, "not a", "at the top"),
    ("[authority]", "[Authority]", 8, "not a setting", "Did you mean authority?"),
    (_AUTHORITY, "", None, "section is missing", "Add [authority]"),
    (_CAMERAS, "", None, "section is missing", "Add [[camera]]"),
    (_AUTHORITY, "authority = 1\n", 8, "must be a section headed [authority]", "of its own"),
    (_CAMERAS, "[camera]\nname = 'a'\n", 25, "headed [[camera]]", "Write [[camera]]"),
    (_CAMERAS, "[[cameras]]\nname = 'a'\n", 25, "not a setting", "Did you mean camera?"),
    # closed sets
    ('"rehearsal"', '"rehersal"', 2, "one of: live, rehearsal", "Did you mean rehearsal?"),
    ('"rehearsal"', '"LIVE "', 2, "one of: live, rehearsal", "Did you mean live?"),
    ('"crime-hotspot"', '"crime hotspot"', 3, "not a use case", "Did you mean crime-hotspot?"),
    ('"crime-hotspot"', '"1,2,3,4"', 3, "not a use case", "There are: crime-hotspot"),
    ('"crime-hotspot"', '["crime-hotspot", "protect-event"]', 3, "not a list", "One use case"),
    # the list
    ('csv = "watchlist.csv"', 'csv = "watchlst.csv"', 22, "no such file", "watchlist.csv?"),
    ('csv = "watchlist.csv"', 'csv = "pictures"', 22, "no such file", ""),
    ('csv = "watchlist.csv"', "", 21, "needs a csv or a json", "Name one list"),
    ("[watchlist]", '[watchlist]\njson = "watchlist.csv"', 21, "both csv and json", "Name one"),
    ('images = "pictures"', 'images = "watchlist.csv"', 23, "no such folder", ""),
    ('images = "pictures"', 'images = "/nowhere/at/all"', 23, "no such folder", "own folder"),
    ('images = "pictures"', f'images = "{"x" * 300}"', 23, "no such folder", "own folder"),
    # cameras
    ('"north-end"', '"North End"', 26, "small letters", 'Write "north-end"'),
    ('"north-end"', '"rtsp://a:b@h/x"', 26, "small letters", "something like"),
    ("rank =", '"rtsp://a:b@h/x" =', 11, "not a setting", "Settings here are"),
    ('"north-end"', '"church-street"', 32, "also camera 1's", "its own name"),
    ('images = "pictures"', 'images = ""', 23, "is empty", "pictures are in"),
    ('location = "North End, Croydon"', f'location = "{"x" * 300}"', 4, "longer than 160", ""),
    ('location = "North End, Croydon"', 'location = "North\\nEnd"', 4, "on one line", "Join"),
    ('"street.mp4"', '"steet.mp4"', 27, "no such file", "Did you mean street.mp4?"),
    ('"street.mp4"', '"https://example.org/a.m3u8"', 27, "nothing Overt can open", "rtsp"),
    ('"street.mp4"', '"rtsp://10.0.0.5/live"', 27, "is a network camera", "takes recorded"),
    ('"street.mp4"', '"/dev/video0"', 27, "is a webcam", "takes recorded"),
    (
        "[[0.1, 0.2], [0.9, 0.2], [0.9, 1.0], [0.1, 1.0]]",
        "[[0, 0], [1, 1]]",
        28,
        "3 to 100 corners",
        "",
    ),
    ("[0.9, 0.2]", "[640, 360]", 28, "outside the picture", "not pixels"),
    ("[0.9, 0.2]", "[0.9]", 28, "not a pair", "[across, down]"),
    ("[0.9, 0.2]", '["0.9", 0.2]', 28, "must be a number", "without quotation"),
    ("[0.9, 0.2]", "[nan, 0.2]", 28, "ordinary number", ""),
    ("[0.9, 1.0], [0.1, 1.0]", "[0.5, 0.2]", 28, "encloses next to nothing", "corners"),
    ("smallest_face_px = 40", "smallest_face_px = 4", 29, "at least 12", "narrowest face"),
    ("smallest_face_px = 40", 'smallest_face_px = "40"', 29, "whole number", "no quotation"),
    ("smallest_face_px = 40", "smallest_face_px = 40.5", 29, "whole number", "no decimals"),
    ("smallest_face_px", "smalest_face", 29, "not a setting", "Did you mean smallest_face_px?"),
    ("smallest_face_px = 40", 'transport = "udp"', 29, "network cameras only", "Leave it out"),
    ("smallest_face_px = 40", 'transport = "sctp"', 29, "one of: tcp, udp", "network camera"),
    # policy, models, decision
    ("[watchlist]", '[policy]\nname = "uk-polising"\n[watchlist]', 22, "no policy", "uk-policing?"),
    ("[watchlist]", '[policy]\nfile = "mine.toml"\n[watchlist]', 22, "no such file", ""),
    ("[watchlist]", '[policy]\nname="a"\nfile="b"\n[watchlist]', 21, "both name and file", "one"),
    ("[watchlist]", '[models]\npack = "../x"\n[watchlist]', 22, "small letters", "something like"),
    ("[watchlist]", "[decision]\nthreshold = 0\n[watchlist]", 22, "more than 0", ""),
    ("[watchlist]", "[decision]\nthreshold = 60\n[watchlist]", 22, "at most 1", ""),
    ("[watchlist]", '[decision]\nfpir = "1%"\n[watchlist]', 22, "must be one of: fpir_3", ""),
    ("[watchlist]", "[decision]\nmin_agreeing_shots = 0\n[watchlist]", 22, "at least 1", ""),
]


@pytest.mark.parametrize(
    ("written", "instead", "line", "message", "remedy"),
    _MISTAKES,
    ids=[f"{mistake[3]}, {number}" for number, mistake in enumerate(_MISTAKES)],
)
def test_each_mistake_is_named_with_its_line_and_a_remedy(
    problems_of: Find, written: str, instead: str, line: int | None, message: str, remedy: str
) -> None:
    """R-1, R-2, R-3 and R-4: what an authority must say, and that two people say it."""
    assert written in REHEARSAL

    found = problems_of(REHEARSAL.replace(written, instead, 1))

    said = [each for each in found if message in each.message and each.line == line]
    assert said, [str(each) for each in found]
    assert any(remedy in each.remedy for each in said), said


_LIVE_MISTAKES = [
    ('"webcam:/dev/video0"', '"street.mp4"', "recorded file"),
    ('"webcam:/dev/video0"', '"pictures"', "folder of pictures"),
    ('"webcam:/dev/video0"', '"drawn:street"', "drawn street"),
    ('"webcam:/dev/video0"', '"rtsp://"', "nothing Overt can open"),
    ('"webcam:/dev/video0"', '"rtsp://a:b/c@host/x"', "nothing Overt can open"),
    (
        '"webcam:/dev/video0"',
        '"rtsps://viewer:hunter2@10.0.0.5:554/north?token=hunter3"',
        "also camera 1's",
    ),
    ("smallest_face_px = 40", 'transport = "udp"', "pictures unprotected"),
    ("[watchlist]", "[decision]\nmin_agreeing_shots = 1\n[watchlist]", "asks for less"),
    ("[watchlist]", "[decision]\nmin_inter_eye_px = 5\n[watchlist]", "asks for less"),
    ("[watchlist]", '[decision]\nfpir = "fpir_3_percent"\n[watchlist]', "asks for less"),
    ("[watchlist]", "[decision]\nthreshold = 0.01\n[watchlist]", "cannot be compared"),
    (
        '"webcam:/dev/video0"',
        '"webcam:/dev/video0"\ndetection_width_px = 480',
        "less than the policy's smallest, 640",
    ),
]


@pytest.mark.parametrize(("written", "instead", "message"), _LIVE_MISTAKES)
def test_a_live_deployment_takes_cameras_only_and_is_never_looser_than_its_policy(
    problems_of: Find, written: str, instead: str, message: str
) -> None:
    """R-24 as far as a file can show it."""
    (found,) = problems_of(LIVE.replace(written, instead, 1))

    assert message in found.message


@pytest.mark.parametrize("address", ["rtsp://viewer:a#b@host/x", "rtsp://a:b/c@host/x", "rtsps://"])
def test_whoever_writes_an_address_that_cannot_be_read_is_told_how_passwords_are_written(
    problems_of: Find, address: str
) -> None:
    (found,) = problems_of(LIVE.replace('"webcam:/dev/video0"', f'"{address}"', 1))

    assert "# is written %23" in found.remedy


def test_all_mistakes_are_told_at_once_in_the_files_order(problems_of: Find) -> None:
    text = (
        REHEARSAL.replace("North End, Croydon", "")
        .replace("Supt Grace Hopper 456", "insp ada byron 123")
        .replace("watchlist.csv", "gone.csv")
        .replace("smallest_face_px = 40", "smallest_face = 40")
        .replace('"church-street"', '"north-end"')
    )

    found = problems_of(text)

    assert [each.line for each in found] == [4, 10, 22, 29, 32]


def test_the_error_lists_every_problem_and_repeats_no_text_of_the_file(write: Write) -> None:
    spoilt = LIVE.replace("T10:00:00+00:00", "T10:00:00").replace("rtsps://", "http://")
    path = write(spoilt.replace("Grace Hopper", "Ada Byron").replace("Supt Ada", "Insp Ada"))

    with pytest.raises(DeploymentFileError) as caught:
        Deployment.load(path)

    said = str(caught.value)
    assert "has 2 problems" in said
    assert "line 5, start" in said
    assert "line 29, [[camera]] 1 source" in said
    for secret in ("hunter2", "hunter3", "Byron", "Hopper"):
        assert secret not in said


def test_one_problem_is_one_line_with_its_remedy_apart(write: Write) -> None:
    with pytest.raises(DeploymentFileError) as caught:
        Deployment.load(write(REHEARSAL.replace('"crime-hotspot"', '"crime-hotspots"')))

    assert caught.value.message.endswith(
        "croydon.toml: line 3, use_case: is not a use case of the policy."
    )
    assert caught.value.remedy == "Did you mean crime-hotspot?"
    assert isinstance(caught.value, OvertError)
