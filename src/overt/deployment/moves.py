"""The life of a deployment as a table: which act leads from which state to which.

::

    draft ─submit→ submitted ─authorise→ authorised ─start→ live ─→ ended ─close→ closed ─review→ reviewed
                       ├─authorise urgently→ urgent ─start→ live      (to be confirmed by a deadline)
                       └─refuse→ refused                              (what it gathered is deleted)

    draft, submitted, urgent, authorised ─cancel→ cancelled
    draft, submitted, urgent, authorised ─time passes→ expired
"""

from collections.abc import Mapping

from overt.vocabulary import Act, DeploymentState

_S = DeploymentState

END = "deployment.end"
EXPIRE = "deployment.expire"

MOVES: Mapping[str, Mapping[DeploymentState, DeploymentState]] = {
    Act.DEPLOYMENT_SUBMIT: {_S.DRAFT: _S.SUBMITTED},
    Act.DEPLOYMENT_AUTHORISE: {
        _S.SUBMITTED: _S.AUTHORISED,
        _S.URGENT: _S.AUTHORISED,
        _S.LIVE: _S.LIVE,  # confirms an urgent authority while it runs, or after
        _S.ENDED: _S.ENDED,
    },
    Act.DEPLOYMENT_REFUSE: {
        _S.SUBMITTED: _S.REFUSED,
        _S.URGENT: _S.REFUSED,
        _S.LIVE: _S.REFUSED,
        _S.ENDED: _S.REFUSED,
    },
    Act.DEPLOYMENT_AUTHORISE_URGENTLY: {_S.SUBMITTED: _S.URGENT},
    Act.DEPLOYMENT_START: {
        _S.AUTHORISED: _S.LIVE,
        _S.URGENT: _S.LIVE,
        _S.LIVE: _S.LIVE,  # again, after the machine or its process died
    },
    Act.DEPLOYMENT_HAND_OVER: {_S.LIVE: _S.LIVE},  # asked for; its cameras' last frame ends it
    Act.DEPLOYMENT_CANCEL: {
        _S.DRAFT: _S.CANCELLED,
        _S.SUBMITTED: _S.CANCELLED,
        _S.URGENT: _S.CANCELLED,
        _S.AUTHORISED: _S.CANCELLED,
    },
    Act.DEPLOYMENT_CLOSE: {_S.ENDED: _S.CLOSED},
    Act.DEPLOYMENT_REVIEW: {_S.CLOSED: _S.REVIEWED},
    END: {_S.LIVE: _S.ENDED},
    EXPIRE: {
        _S.DRAFT: _S.EXPIRED,
        _S.SUBMITTED: _S.EXPIRED,
        _S.URGENT: _S.EXPIRED,
        _S.AUTHORISED: _S.EXPIRED,
    },
}
"""Where each act leads from each state it may be done in; from any other it is refused."""

ONLY_UNCONFIRMED = frozenset({_S.LIVE, _S.ENDED})
"""States in which an authority is given or refused only where an urgent one awaits it."""

SEARCHING = frozenset({_S.LIVE})
"""States in which anything may be searched."""

UNREVIEWED = frozenset({_S.ENDED, _S.CLOSED})
"""States in which a review is still to come."""
