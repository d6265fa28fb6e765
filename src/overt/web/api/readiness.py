"""Whether the service can do its work now, for whoever watches it: open to all."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

router = APIRouter(tags=["health"])


class Ready(BaseModel):
    """Whether the service is ready, and if not, why: fixed sentences that name nothing."""

    state: Literal["ready", "not ready"]
    reasons: tuple[str, ...] = ()


@router.get("/ready", responses={503: {"model": Ready, "description": "It is not ready."}})
def ready(request: Request, response: Response) -> Ready:
    """Say whether record, keys, disk and log are as the service needs them."""
    reasons = request.app.state.readiness.reasons()
    if reasons:
        response.status_code = 503
    return Ready(state="not ready" if reasons else "ready", reasons=reasons)
