"""The acts that a deployment's page offers as forms: what each is called and what follows from it."""

from dataclasses import dataclass

from overt.vocabulary import Act


@dataclass(frozen=True, slots=True)
class Offer:
    """An act as a form: `word` is its path, and `reason` the label of its reason, if it has one.

    `follows` says what the act brings about, and `sure` what is ticked before one that deletes.
    `waits` says why it cannot be done yet, in place of the form. What stands `aside` is not the
    next step, and is folded away.
    """

    word: str
    act: Act
    title: str
    button: str
    reason: str = ""
    optional: bool = False
    follows: str = ""
    sure: str = ""
    waits: str = ""
    danger: bool = False
    aside: bool = False


SUBMIT = Offer(
    "submit",
    Act.DEPLOYMENT_SUBMIT,
    "Ask for authority",
    "Submit the application",
    follows="Nothing in it can be changed any more. Somebody else approves the list, and an "
    "authorising officer decides.",
)
APPROVE = Offer(
    "approve",
    Act.WATCHLIST_APPROVE,
    "Approve the list",
    "Approve this list",
    follows="Your approval is of the list with the sealed hash that is shown here, and of no other.",
)
AUTHORISE = Offer(
    "authorise",
    Act.DEPLOYMENT_AUTHORISE,
    "Authorise",
    "Authorise these terms",
    "Why it is necessary and proportionate",
    follows="It may then be started inside its window, with these terms and no others.",
)
CONFIRM = Offer(
    "authorise",
    Act.DEPLOYMENT_AUTHORISE,
    "Confirm the urgent authority",
    "Confirm it",
    "Why it was and is necessary and proportionate",
    follows="The deadline falls away; the window stays as it is.",
)
URGENT = Offer(
    "authorise-urgently",
    Act.DEPLOYMENT_AUTHORISE_URGENTLY,
    "Authorise urgently",
    "Authorise urgently",
    "Why it cannot wait for an officer of the usual ranks",
    follows="An authorising officer confirms it by a deadline, or all that was gathered is deleted.",
)
REFUSE = Offer(
    "refuse",
    Act.DEPLOYMENT_REFUSE,
    "Refuse",
    "Refuse, and delete for good",
    "Why it is refused",
    follows="Any searching stops at once. The list, its templates and every alert are deleted, "
    "evidence that is held included. This cannot be undone.",
    sure="Yes, delete the list and every alert",
    danger=True,
    aside=True,
)
START = Offer(
    "start",
    Act.DEPLOYMENT_START,
    "Start",
    "Start searching",
    follows="Every term is held against the authority once more; then the cameras are searched "
    "until the window ends or somebody stops it.",
)
STOP = Offer(
    "stop",
    Act.DEPLOYMENT_STOP,
    "Stop",
    "Stop now",
    "Why",
    optional=True,
    follows="Every camera stops within a second. Starting again needs a new application.",
    danger=True,
)
HAND_OVER = Offer(
    "hand-over",
    Act.DEPLOYMENT_HAND_OVER,
    "Hand the cameras over",
    "Hand over",
    "Why",
    optional=True,
    follows="Another deployment, which is authorised, has the cameras from their next frame on, with "
    "its own list, zones and threshold; this one ends then. What is refused leaves this one running.",
    aside=True,
)
CANCEL = Offer(
    "cancel",
    Act.DEPLOYMENT_CANCEL,
    "Cancel",
    "Cancel, and delete the list",
    "Why it is called off",
    follows="The list and its templates are deleted. This cannot be undone; a new deployment "
    "needs a new application.",
    sure="Yes, delete the list",
    danger=True,
    aside=True,
)
CLOSE = Offer(
    "close",
    Act.DEPLOYMENT_CLOSE,
    "Close",
    "Close, and delete the list",
    "A note for the record",
    optional=True,
    follows="The list, its templates and the deployment's file are deleted. Alerts stay until "
    "their own deadlines. Its review is then due.",
    sure="Yes, delete the list",
    danger=True,
)
REVIEW = Offer(
    "review",
    Act.DEPLOYMENT_REVIEW,
    "Review",
    "Record the review",
    "What the review found",
    follows="Until it is recorded, a late review blocks the unit's next deployment.",
)
REVALIDATE = Offer(
    "revalidate",
    Act.WATCHLIST_REVALIDATE,
    "Hold the list against its sources",
    "Hold it against this file",
    follows="Whoever the sources no longer name is withdrawn for good; nobody is ever added.",
    aside=True,
)
WITHDRAW = Offer(
    "withdraw",
    Act.WATCHLIST_WITHDRAW,
    "Withdraw somebody from the list",
    "Withdraw them",
    "Why",
    follows="Within a minute no camera raises an alert for them. They cannot be put back.",
    aside=True,
)

OFFERS = (
    *(SUBMIT, APPROVE, AUTHORISE, URGENT, START, STOP),
    *(HAND_OVER, CLOSE, REVIEW, REVALIDATE, WITHDRAW, REFUSE, CANCEL),
)
"""Every act that a page offers, in the order in which it offers them."""
