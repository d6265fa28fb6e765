"""A text as a QR code in SVG (ISO/IEC 18004), for an authenticator's camera; drawn here, stored nowhere."""

import cv2
from markupsafe import Markup

_OWN_MARGIN = 2  # modules that OpenCV leaves around it
_MARGIN = 4  # what the standard asks for, and dark screens need


def qr_code(text: str, label: str) -> Markup:
    """Return a drawing of the text as a QR code; `label` says to those who cannot see what it is.

    It is black on white in every theme: cameras read no other.
    """
    modules = cv2.QRCodeEncoder.create().encode(text)[
        _OWN_MARGIN:-_OWN_MARGIN, _OWN_MARGIN:-_OWN_MARGIN
    ]
    side = len(modules) + 2 * _MARGIN
    path = "".join(
        f"M{across + _MARGIN} {down + _MARGIN}h1v1h-1z"
        for down, row in enumerate(modules)
        for across, module in enumerate(row)
        if module == 0
    )
    return Markup(
        '<svg class="code" viewBox="0 0 {side} {side}" role="img" aria-label="{label}" '
        'shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/>'
        '<path d="{path}" fill="#000"/></svg>'
    ).format(side=side, label=label, path=path)
