"""What was found about a list before it was signed, kept under the list's key and gone with it."""

import json
from collections.abc import Mapping
from typing import Any

from overt.keys.sealing import open_sealed, seal
from overt.people.office import Office
from overt.storage import DeploymentRow, ListFacts


def seal_appraisal(office: Office, facts: ListFacts, appraisal: Mapping[str, Any]) -> bytes:
    """Return an appraisal sealed: it says which listed people resemble each other."""
    bound = {"appraisal": facts.watchlist_id}
    return seal(office.keys.key(facts.key_id), json.dumps(appraisal).encode(), bound)


def appraisal_of(office: Office, row: DeploymentRow) -> dict[str, Any]:
    """Return everything that stood beside the sign-off; in numbers only, once the list is gone.

    Raises:
        SealingError: it was changed in the record.
    """
    facts = office.record.watchlists.facts(row.watchlist_id)
    gone = facts is None or office.keys.destroyed_at(facts.key_id) is not None
    if facts is None or gone or row.sealed_appraisal is None:
        return dict(row.appraisal)
    bound = {"appraisal": row.watchlist_id}
    plain = open_sealed(office.keys.key(facts.key_id), row.sealed_appraisal, bound)
    found: dict[str, Any] = json.loads(plain)
    return found
