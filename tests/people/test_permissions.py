"""Who may do what to what, held against a table written here from the requirements alone."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.people.permissions import MATRIX, Own, Person, Thing, why_not, why_not_together
from overt.vocabulary import Act, Role

MINE, OURS, THEIRS, OUTSIDE = "my own", "my unit's", "another unit's", "no unit's"
RELATIONS = (MINE, OURS, THEIRS, OUTSIDE)

# One line an act: which roles may do it to a thing of their unit that somebody else asked for or
# made, and which to their own. APP: whoever asks does not authorise. R-61: the auditor
# reads authority, settings, counts and deletions, and no face. R-62: an administrator keeps
# accounts, log and backups going, and decides nothing. Letters stand for the roles:
# A applicant, O authorising officer, C commander, P operator at the screen,
# E engagement officer, U auditor, M administrator.
TABLE = {
    "account.add": ("M", "M"),
    "account.change": ("M", ""),
    "account.disable": ("M", ""),
    "account.list": ("UM", "UM"),
    "session.revoke": ("M", "M"),
    "deployment.draft": ("A", "A"),
    "deployment.submit": ("", "A"),
    "deployment.authorise": ("O", ""),
    "deployment.refuse": ("O", ""),
    "deployment.authorise-urgently": ("OC", ""),
    "deployment.start": ("CP", "CP"),
    "deployment.stop": ("AOCPE", "AOCPE"),
    "deployment.hand-over": ("CP", "CP"),
    "deployment.cancel": ("AOC", "AOC"),
    "deployment.close": ("C", "C"),
    "deployment.review": ("O", ""),
    "deployment.see": ("AOCPEUM", "AOCPEUM"),
    "deployment.watch": ("CP", "CP"),
    "watchlist.approve": ("OC", ""),
    "watchlist.revalidate": ("A", "A"),
    "watchlist.withdraw": ("AOCP", "AOCP"),
    "watchlist.see": ("AOCP", "AOCP"),
    "watchlist.see-face": ("AOCP", "AOCP"),
    "inclusion.answer": ("U", "U"),
    "passage.note": ("CPE", "CPE"),
    "alert.list": ("OCPEU", "OCPEU"),
    "alert.see-face": ("CPE", "CPE"),
    "alert.claim": ("P", "P"),
    "alert.adjudicate": ("P", "P"),
    "alert.acknowledge": ("E", "E"),
    "alert.engage": ("E", "E"),
    "alert.close": ("PE", "PE"),
    "hold.place": ("O", "O"),
    "hold.release": ("O", "O"),
    "retention.see": ("OCUM", "OCUM"),
    "retention.apply": ("CM", "CM"),
    "audit.see": ("UM", "UM"),
    "audit.export": ("UM", "UM"),
    "record.back-up": ("M", "M"),
    "record.publish": ("OCU", "OCU"),
}
LETTERS = {
    "A": Role.APPLICANT,
    "O": Role.AUTHORISING_OFFICER,
    "C": Role.COMMANDER,
    "P": Role.OPERATOR,
    "E": Role.ENGAGEMENT_OFFICER,
    "U": Role.AUDITOR,
    "M": Role.ADMINISTRATOR,
}
OF_NO_UNIT = "UM"


def _person(roles: frozenset[Role]) -> Person:
    return Person("me", "me", "Me", "here", "constable", roles)


def _thing(relation: str) -> Thing:
    unit = {THEIRS: "there", OUTSIDE: ""}.get(relation, "here")
    return Thing("thing", "1", unit, "me" if relation == MINE else "somebody else")


def _allowed(letters: str, act: str, relation: str) -> bool:
    others, own = TABLE[act]
    cell = own if relation == MINE else others
    if relation == THEIRS:
        return any(each in cell and each in OF_NO_UNIT for each in letters)
    return any(each in cell for each in letters)


def test_every_act_is_in_the_table_and_nothing_else_is() -> None:
    """R-62: no act is left without a rule."""
    assert set(MATRIX) == set(Act)
    assert set(TABLE) == {str(act) for act in Act}


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("letter", LETTERS)
def test_each_cell_is_as_the_requirements_have_it(letter: str, act: Act, relation: str) -> None:
    """R-62: roles are separate, in every cell of role, act and relation."""
    person = _person(frozenset({LETTERS[letter]}))
    assert (why_not(person, act, _thing(relation)) == "") is _allowed(letter, act, relation)


@given(
    st.sets(st.sampled_from(sorted(LETTERS)), max_size=7),
    st.sampled_from(Act),
    st.sampled_from(RELATIONS),
)
def test_several_roles_allow_what_one_of_them_does_and_no_more(
    letters: set[str], act: Act, relation: str
) -> None:
    """R-62: roles held together allow nothing that none of them allows."""
    person = _person(frozenset(LETTERS[each] for each in letters))
    allowed = why_not(person, act, _thing(relation)) == ""
    assert allowed is _allowed("".join(letters), act, relation)


@given(st.sets(st.sampled_from(Role)), st.sampled_from(Role))
def test_nobody_authorises_what_they_asked_for_whatever_they_are(
    roles: set[Role], another: Role
) -> None:
    """R-2: applicant and authoriser differ, however many roles one person has."""
    person = _person(frozenset(roles | {another}))
    for act in (
        Act.DEPLOYMENT_AUTHORISE,
        Act.DEPLOYMENT_AUTHORISE_URGENTLY,
        Act.DEPLOYMENT_REFUSE,
        Act.DEPLOYMENT_REVIEW,
        Act.WATCHLIST_APPROVE,
    ):
        assert why_not(person, act, _thing(MINE))


@pytest.mark.parametrize("relation", RELATIONS)
def test_administrators_decide_on_no_alert(relation: str) -> None:
    """R-62: administrators cannot adjudicate, whosever thing it is."""
    administrator = _person(frozenset({Role.ADMINISTRATOR}))
    for act in (
        Act.ALERT_CLAIM,
        Act.ALERT_ADJUDICATE,
        Act.ALERT_ENGAGE,
        Act.ALERT_CLOSE,
        Act.DEPLOYMENT_AUTHORISE,
        Act.DEPLOYMENT_START,
        Act.ALERT_SEE_FACE,
    ):
        assert why_not(administrator, act, _thing(relation))


@pytest.mark.parametrize("relation", RELATIONS)
def test_auditors_see_what_was_done_and_never_a_face_or_a_name(relation: str) -> None:
    """R-61: the auditor's role sees authority, counts and deletions without faces."""
    auditor = _person(frozenset({Role.AUDITOR}))
    for act in (Act.ALERT_SEE_FACE, Act.WATCHLIST_SEE_FACE, Act.WATCHLIST_SEE):
        assert why_not(auditor, act, _thing(relation))
    for act in (Act.DEPLOYMENT_SEE, Act.ALERT_LIST, Act.RETENTION_SEE, Act.AUDIT_SEE):
        assert not why_not(auditor, act, _thing(relation))


def test_an_auditor_changes_nothing() -> None:
    """R-61: the role is read-only."""
    reading = {
        Act.ACCOUNT_LIST,
        Act.DEPLOYMENT_SEE,
        Act.INCLUSION_ANSWER,
        Act.ALERT_LIST,
        Act.RETENTION_SEE,
        Act.AUDIT_SEE,
        Act.AUDIT_EXPORT,
        Act.RECORD_PUBLISH,
    }
    assert {act for act, rule in MATRIX.items() if Role.AUDITOR in rule.roles} == reading


def test_who_audits_or_maintains_does_nothing_else() -> None:
    """R-62: auditor and administrator go with no other role, and all others with each other."""
    for count in range(1, len(Role) + 1):
        for roles in combinations(Role, count):
            alone = {Role.AUDITOR, Role.ADMINISTRATOR} & set(roles)
            assert bool(why_not_together(roles)) is (bool(alone) and count > 1)
    assert why_not_together([])


def test_nothing_is_anybodys_own_where_nobody_is_named() -> None:
    person = Person("", "", "", "here", "", frozenset({Role.AUTHORISING_OFFICER, Role.APPLICANT}))
    assert not why_not(person, Act.DEPLOYMENT_AUTHORISE, Thing("deployment", unit="here"))
    assert why_not(person, Act.DEPLOYMENT_SUBMIT, Thing("deployment", unit="here"))
    assert MATRIX[Act.DEPLOYMENT_SUBMIT].own is Own.ONLY
