"""Which alerts a camera can raise: those of the run that it looks for, and in the form of ours."""

import re

from overt.runtime.pipeline import CameraSettings
from overt.values import Alert

_ALERT_ID = re.compile("[0-9a-f]{32}")
_JPEG_BEGINS, _JPEG_ENDS = b"\xff\xd8", b"\xff\xd9"


def is_of(alert: Alert, settings: CameraSettings) -> bool:
    """Tell whether an alert is one that a camera with these settings can raise."""
    policy = settings.policy
    judged = (alert.kind, alert.pack_id, alert.policy_version, alert.threshold)
    return (
        judged == (settings.kind, settings.pack_id, policy.version, policy.threshold)
        and _ALERT_ID.fullmatch(alert.alert_id) is not None
        and alert.crop_jpeg.startswith(_JPEG_BEGINS)
        and alert.crop_jpeg.endswith(_JPEG_ENDS)
    )
