"""Frames from files, folders, network cameras and webcams.

This room decodes, times and dates pictures and says which part of them may be searched. It
starts no thread or process, keeps nothing on disk, and shows no source's credentials.
"""

from overt.capture.addresses import Address, SourceKind, parse_address, redact
from overt.capture.buffer import BoundedQueue, FrameBuffer, NewestFrame
from overt.capture.knocking import asking
from overt.capture.lasting import BackOff, Lasting, Link
from overt.capture.opening import open_source
from overt.capture.pacing import OwnPace
from overt.capture.source import CaptureSettings, Due, FrameSource, always
from overt.capture.stillness import FROZEN_S
from overt.capture.zone import Zone
from overt.values import SourceInfo

__all__ = [
    "FROZEN_S",
    "Address",
    "BackOff",
    "BoundedQueue",
    "CaptureSettings",
    "Due",
    "FrameBuffer",
    "FrameSource",
    "Lasting",
    "Link",
    "NewestFrame",
    "OwnPace",
    "SourceInfo",
    "SourceKind",
    "Zone",
    "always",
    "asking",
    "open_source",
    "parse_address",
    "redact",
]
