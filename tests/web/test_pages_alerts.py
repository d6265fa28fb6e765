"""One alert on the operator's page: what it says, who decides, and that nothing is overwritten."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_world import NOT_VIABLE, UNSURE, VIABLE, Duty, on_duty
from pages_world import Browser, Shown

from acts import ONE_PERSON, THERE, a_scene
from overt.people.permissions import MATRIX
from overt.review import claims
from overt.storage import AlertPlace
from overt.vocabulary import Act, Disposal, Role

ONLOOKERS = MATRIX[Act.DEPLOYMENT_WATCH].roles
OTHERS = sorted(set(Role) - ONLOOKERS)
NO_FACES = sorted(set(Role) - MATRIX[Act.ALERT_SEE_FACE].roles)
NO_OPERATORS = sorted(set(Role) - {Role.OPERATOR})


@pytest.fixture
def duty(tmp_path: Path) -> Iterator[Duty]:
    """On duty under a policy by which one person decides."""
    with a_scene(tmp_path) as scene:
        yield on_duty(scene, **ONE_PERSON)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Duty]:
    """On duty under the shipped policy, by which two people decide."""
    with a_scene(tmp_path) as scene:
        yield on_duty(scene)


def opened(duty: Duty, place: AlertPlace) -> Browser:
    """The operator's browser, once the alert was opened from the queue."""
    browser = duty.browser()
    answer = browser.post(f"/alerts/{place.alert_id}/claim")
    assert (answer.status, answer.headers["location"]) == (303, f"/alerts/{place.alert_id}")
    return browser


def words(shown: Shown) -> str:
    """What a page says, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown.text.partition("<main")[2]))


# --- what it says -------------------------------------------------------------------------------


def test_it_says_what_a_careful_person_needs(duty: Duty) -> None:
    """R-41, R-42, R-48: both pictures alike, age, quality, camera, time, reason and response."""
    place = duty.alert()

    shown = opened(duty, place).get(f"/alerts/{place.alert_id}")

    said = words(shown)
    assert shown.status == 200
    for needed in (
        "Possible match: you decide",
        "Seen by camera north-end",
        "4 July 2026, 10:04:59 UTC",
        "2 years 7 months old when the face was seen",
        "42 px between the eyes, turned 12°",
        "wanted on warrant",
        "Failed to appear at court, warrant 0001/26",
        "Speak to them; arrest if the officer is satisfied of who they are",
        "Green: when able",
    ):
        assert needed in said
    faces = re.findall(r'<img src="([^"]+)"[^>]*(width="\d+" height="\d+")', shown.text)
    assert [path for path, _ in faces] == [
        f"/alerts/{place.alert_id}/crop",
        f"/alerts/{place.alert_id}/reference",
    ]
    assert len({size for _, size in faces}) == 1


def test_it_never_says_whose_face_it_is_or_how_sure_a_machine_is(duty: Duty) -> None:
    """R-41, R-43: no name, no percentage; the score is one line that nobody takes for a chance."""
    place = duty.alert()

    said = words(opened(duty, place).get(f"/alerts/{place.alert_id}"))

    for never in ("Example Person", "%", "confidence", "identified", "suspect", "hit"):
        assert never not in said
    assert "comparison score 0.947" in said
    assert "threshold 0.030; not a probability" in said


def test_earlier_false_alerts_are_counted_in_words_also_when_there_are_none(duty: Duty) -> None:
    """R-19: what was found false before is said before anybody decides."""
    first = duty.alert()
    before = words(duty.browser().get(f"/alerts/{first.alert_id}"))
    duty.close(duty.decide(first, NOT_VIABLE))
    after = words(duty.browser().get(f"/alerts/{duty.alert().alert_id}"))

    assert "No earlier alert against this entry was found false." in before
    assert "1 earlier alert against this entry was found false by people." in after


def test_known_lookalikes_are_named_by_their_ids(duty: Duty) -> None:
    """R-19: an operator is warned of somebody's brother."""
    place = duty.alert()
    none = words(duty.browser().get(f"/alerts/{place.alert_id}"))
    pair = {"subjects": ["S-1", "S-2"], "score": 0.8}
    duty.change(appraisal={"expected_false_alerts": 0.4, "lookalikes": [pair]})
    some = words(duty.browser().get(f"/alerts/{place.alert_id}"))

    assert "Nobody else on this list is known to look alike." in none
    assert "1 other person on this list is known to look alike (S-2)." in some


def test_a_late_alert_is_not_shown_as_live(duty: Duty) -> None:
    """R-48: how long ago it was is said, and that it is late."""
    place = duty.alert()
    duty.scene.clock.forward(seconds=44)

    said = words(duty.browser().get(f"/alerts/{place.alert_id}"))

    assert "Late: 45 s after the face was seen; not shown as live" in said


def test_when_the_list_is_gone_the_page_says_so(duty: Duty) -> None:
    place = duty.alert()
    with duty.changing():
        duty.scene.office.record.watchlists.remove(duty.row.watchlist_id, duty.scene.clock.now)

    shown = duty.browser().get(f"/alerts/{place.alert_id}")

    assert "Destroyed with its watchlist" in words(shown)
    assert duty.browser().get(f"/alerts/{place.alert_id}/reference").status == 404


def test_nothing_is_chosen_beforehand_and_each_factor_says_what_it_means(duty: Duty) -> None:
    """R-44: no decision is preselected."""
    place = duty.alert()

    shown = opened(duty, place).get(f"/alerts/{place.alert_id}")

    form = shown.text.partition('id="decide"')[2].partition("</form>")[0]
    assert form.count('type="radio"') == form.count('type="checkbox"') == 3
    assert "checked" not in form
    for factor in ("Subject: what is to be seen", "System: what was compared", "Environment:"):
        assert factor in form


# --- faces --------------------------------------------------------------------------------------


def test_the_page_itself_looks_at_no_face_and_each_picture_is_a_look_on_the_log(
    duty: Duty,
) -> None:
    """R-57: who looked at a face, and when; the page without its pictures is no look."""
    place = duty.alert()
    browser = opened(duty, place)

    browser.get(f"/alerts/{place.alert_id}")
    looks = [len(duty.scene.events("alert.face-seen"))]
    for picture in ("crop", "reference", "crop"):
        shown = browser.get(f"/alerts/{place.alert_id}/{picture}")
        assert (shown.status, shown.headers["content-type"]) == (200, "image/jpeg")
        assert shown.headers["cache-control"] == "no-store"
        assert shown.body[:2] == b"\xff\xd8"
        looks.append(len(duty.scene.events("alert.face-seen")))

    assert looks == [0, 1, 2, 3]


def test_who_may_see_no_face_is_shown_none(duty: Duty) -> None:
    """R-61: an auditor sees counts, and never a face."""
    place = duty.alert()

    for role in NO_FACES:
        browser = duty.browser(duty.scene.person(role))
        for picture in ("crop", "reference"):
            assert browser.get(f"/alerts/{place.alert_id}/{picture}").status == 403, role
    assert not duty.scene.events("alert.face-seen")


def test_officers_see_a_face_only_once_it_was_found_viable(duty: Duty) -> None:
    """R-46: what nobody has decided on reaches no officer, whatever address they guess."""
    place = duty.alert()
    officer = duty.browser(duty.scene.person(Role.ENGAGEMENT_OFFICER))

    pictures = [f"/alerts/{place.alert_id}/{picture}" for picture in ("crop", "reference")]

    before = [officer.get(path).status for path in pictures]
    duty.decide(place, VIABLE)
    after = [officer.get(path).status for path in pictures]

    assert (before, after) == ([403, 403], [200, 200])


def test_a_policy_that_shows_commanders_no_faces_is_kept(tmp_path: Path) -> None:
    """R-61: neither the pictures nor what the list says of the person."""
    faces = '["operator", "engagement-officer"]'
    with a_scene(tmp_path) as scene:
        duty = on_duty(scene, faces=faces, **ONE_PERSON)
        place = duty.alert()
        browser = duty.browser(scene.person(Role.COMMANDER))

        shown = browser.get(f"/alerts/{place.alert_id}")

        assert shown.status == 200
        assert "The policy does not let your role see faces." in shown.text
        assert "<img" not in shown.text
        assert "warrant 0001/26" not in shown.text
        assert browser.get(f"/alerts/{place.alert_id}/crop").status == 403


# --- who may ------------------------------------------------------------------------------------


def test_others_do_not_open_an_alert(duty: Duty) -> None:
    place = duty.alert()

    for role in OTHERS:
        browser = duty.browser(duty.scene.person(role))
        assert browser.get(f"/alerts/{place.alert_id}").status == 403, role


def test_only_operators_decide(duty: Duty) -> None:
    """R-62: an administrator adjudicates nothing, and a commander looks on."""
    place = duty.alert()
    fields = {"decision": "viable", "factors": ["subject"], "verdict": "false"}

    for role in NO_OPERATORS:
        browser = duty.browser(duty.scene.person(role))
        for act in ("claim", "release", "decide", "close-unsent"):
            assert browser.post(f"/alerts/{place.alert_id}/{act}", fields).status == 403, role
    assert duty.decided(place) == []


def test_another_unit_s_alert_is_not_shown(duty: Duty) -> None:
    place = duty.alert()
    stranger = duty.browser(duty.scene.person(Role.OPERATOR, THERE))

    for path in ("", "/crop", "/reference"):
        assert stranger.get(f"/alerts/{place.alert_id}{path}").status == 403
    assert stranger.post(f"/alerts/{place.alert_id}/claim").status == 403


def test_an_alert_that_was_deleted_is_gone(duty: Duty) -> None:
    place = duty.alert()
    with duty.changing():
        duty.scene.office.record.alerts.erase(place, true_alert=None, at=duty.scene.clock.now)

    for path in ("", "/crop", "/reference"):
        assert duty.browser().get(f"/alerts/{place.alert_id}{path}").status == 404


def test_whoever_is_not_signed_in_sees_nothing(duty: Duty) -> None:
    place = duty.alert()

    for path in ("", "/crop", "/reference"):
        assert Browser(duty.app).get(f"/alerts/{place.alert_id}{path}").status == 401


# --- deciding -----------------------------------------------------------------------------------


def test_a_decision_is_recorded_and_leads_back_to_the_queue(duty: Duty) -> None:
    """R-44: a choice and at least one factor make a decision."""
    place = duty.alert()

    answer = opened(duty, place).post(
        f"/alerts/{place.alert_id}/decide",
        {"decision": "not viable", "factors": ["subject", "environment"]},
    )

    assert (answer.status, answer.headers["location"]) == (303, duty.console)
    (made,) = duty.scene.office.record.reviews.adjudications(place.alert_id)
    assert (made.by, made.decision) == (duty.operator.account_id, NOT_VIABLE)
    assert set(made.factors) == {"subject", "environment"}


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"factors": ["system"]}, "decision", "Choose viable, not viable or unsure."),
        ({"decision": "certain", "factors": ["system"]}, "decision", "Choose viable"),
        ({"decision": "unsure"}, "factors", "Tick at least one of subject, system and environment"),
        ({"decision": "unsure", "factors": ["system", "hunch"]}, "factors", "Tick at least one"),
    ],
)
def test_what_cannot_be_used_is_said_beside_the_field_and_nothing_is_lost(
    duty: Duty, fields: dict[str, str | list[str]], field: str, message: str
) -> None:
    place = duty.alert()

    shown = opened(duty, place).post(f"/alerts/{place.alert_id}/decide", fields)

    assert shown.status == 422
    assert re.search(rf'id="{field}-wrong">.*{message}', shown.text)
    assert shown.text.count('-wrong">') == 1
    for name, value in (("factors", "system"), ("decision", "unsure")):
        kept = f'name="{name}" value="{value}" checked' in shown.text
        assert kept is (value in fields.get(name, ()))
    assert duty.decided(place) == []


def test_a_form_of_another_site_decides_nothing(duty: Duty) -> None:
    place = duty.alert()
    fields = {"decision": "viable", "factors": ["subject"]}

    answer = opened(duty, place).post(f"/alerts/{place.alert_id}/decide", fields, csrf="forged")

    assert answer.status == 403
    assert duty.decided(place) == []


def test_what_somebody_else_has_claimed_is_not_decided_on_and_what_was_filled_in_stays(
    duty: Duty,
) -> None:
    """R-45: nobody's decision is overwritten unseen."""
    place = duty.alert()
    claims.claim(duty.scene.office, duty.second, place)
    with duty.changing():
        duty.scene.office.record.accounts.change(duty.second.account_id, full_name="Alan Turing")
    fields = {"decision": "viable", "factors": ["subject"]}

    shown = duty.browser().get(f"/alerts/{place.alert_id}")
    taken = duty.browser().post(f"/alerts/{place.alert_id}/claim")
    sent = duty.browser().post(f"/alerts/{place.alert_id}/decide", fields)

    assert "Alan Turing has claimed this alert" in words(shown)
    assert 'id="decide"' not in shown.text
    assert (taken.status, sent.status) == (422, 422)
    assert "Alan Turing is deciding on the alert." in words(taken)
    assert "Alan Turing is deciding on the alert." in words(sent)
    assert duty.decided(place) == []


def test_what_was_decided_meanwhile_is_said_with_who_and_what(duty: Duty) -> None:
    place = duty.alert()
    duty.decide(place, NOT_VIABLE, by=duty.second)
    with duty.changing():
        duty.scene.office.record.accounts.change(duty.second.account_id, full_name="Alan Turing")
    fields = {"decision": "viable", "factors": ["subject"]}

    sent = duty.browser().post(f"/alerts/{place.alert_id}/decide", fields)

    assert sent.status == 422
    assert "The alert has been decided on. Nobody's decision is written over." in words(
        sent
    ).replace("&#39;", "'")
    assert re.search(r"Alan Turing , .* not viable , taking into account subject", words(sent))
    assert duty.decided(place) == [(duty.second.account_id, "not viable")]


def test_a_decision_that_is_sent_twice_is_made_once(duty: Duty) -> None:
    place = duty.alert()
    browser = opened(duty, place)
    first = {"decision": "viable", "factors": ["subject"]}

    browser.post(f"/alerts/{place.alert_id}/decide", first)
    again = browser.post(f"/alerts/{place.alert_id}/decide", first | {"decision": "unsure"})

    assert (again.status, again.headers["location"]) == (303, f"/alerts/{place.alert_id}")
    assert duty.decided(place) == [(duty.operator.account_id, "viable")]


def test_letting_go_gives_the_alert_to_whoever_comes_next(duty: Duty) -> None:
    place = duty.alert()

    answer = opened(duty, place).post(f"/alerts/{place.alert_id}/release")

    assert (answer.status, answer.headers["location"]) == (303, duty.console)
    assert "Nobody has claimed it." in words(duty.browser().get(f"/alerts/{place.alert_id}"))
    claims.claim(duty.scene.office, duty.second, place)
    lapsed = duty.browser().post(f"/alerts/{place.alert_id}/release")
    assert lapsed.headers["location"] == duty.console


def test_a_claim_lapses_and_somebody_else_may_take_the_alert(duty: Duty) -> None:
    place = duty.alert()
    opened(duty, place)
    duty.scene.clock.forward(seconds=claims.CLAIM_LIFE.total_seconds() + 1)

    answer = duty.browser(duty.second).post(f"/alerts/{place.alert_id}/claim")

    assert answer.status == 303


def test_the_second_person_does_not_see_what_the_first_chose(both: Duty) -> None:
    """R-45: two people decide, each for themselves; then each sees what the other chose."""
    place = both.alert()
    first = words(opened(both, place).get(f"/alerts/{place.alert_id}"))
    both.decide(place, UNSURE)
    waiting = words(both.browser().get(f"/alerts/{place.alert_id}"))
    second = both.browser(both.second)
    second.post(f"/alerts/{place.alert_id}/claim")
    blind = words(second.get(f"/alerts/{place.alert_id}"))
    second.post(
        f"/alerts/{place.alert_id}/decide", {"decision": "viable", "factors": ["environment"]}
    )
    told = words(second.get(f"/alerts/{place.alert_id}"))

    assert "You are the first of two people to decide." in first
    assert "Another operator decides next, without seeing what you chose." in waiting
    assert "you are the second" in blind
    assert "unsure , taking" not in blind
    assert "has decided; what, you see once you have decided yourself" in blind
    assert "unsure , taking into account subject" in told


# --- closing what was not sent ------------------------------------------------------------------


@pytest.mark.parametrize("verdict", ["true", "false"])
def test_an_operator_closes_what_was_sent_to_nobody(duty: Duty, verdict: str) -> None:
    """R-49: an alert that nobody engaged on closes with one outcome, unconfirmed."""
    place = duty.decide(duty.alert(), UNSURE)

    answer = duty.browser().post(f"/alerts/{place.alert_id}/close-unsent", {"verdict": verdict})

    assert (answer.status, answer.headers["location"]) == (303, duty.console)
    outcome = duty.scene.office.record.reviews.outcome(place.alert_id)
    assert outcome is not None
    assert outcome.true_alert is (verdict == "true")
    assert not outcome.confirmed
    assert not outcome.engaged
    assert outcome.disposal is Disposal.NOT_ENGAGED


def test_closing_needs_a_word_and_nothing_is_chosen_beforehand(duty: Duty) -> None:
    place = duty.decide(duty.alert(), UNSURE)

    shown = duty.browser().get(f"/alerts/{place.alert_id}")
    refused = duty.browser().post(f"/alerts/{place.alert_id}/close-unsent", {"verdict": ""})

    assert "checked" not in shown.text.partition('id="close-unsent"')[2].partition("</form>")[0]
    assert refused.status == 422
    assert "Say whether it was a true or a false alert." in refused.text
    assert duty.scene.office.record.reviews.outcome(place.alert_id) is None


def test_what_was_sent_to_officers_is_theirs_to_close(duty: Duty) -> None:
    """R-45: the outcome of a stop is the officer's word."""
    place = duty.decide(duty.alert(), VIABLE)

    answer = duty.browser().post(f"/alerts/{place.alert_id}/close-unsent", {"verdict": "true"})

    assert answer.status == 403
    assert duty.scene.office.record.reviews.outcome(place.alert_id) is None


def test_a_closed_alert_says_how_it_closed(duty: Duty) -> None:
    place = duty.close(duty.decide(duty.alert(), NOT_VIABLE))

    said = words(duty.browser().get(f"/alerts/{place.alert_id}"))

    assert "It is closed: a false alert, unconfirmed; not engaged." in said
