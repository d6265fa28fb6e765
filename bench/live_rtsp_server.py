"""Serves what comes in as RTP over UDP to everybody over RTSP, as it comes: a camera that is live.

Usage: live_rtsp_server.py FEED_PORT. Run by the system's Python, which has GStreamer. Prints its
port and serves rtsp://127.0.0.1:PORT/clip until ended; who joins late has missed what was before.
"""

import sys

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import (  # type: ignore[import-not-found]  # noqa: E402  the versions come first
    GLib,
    Gst,
    GstRtspServer,
)

_CAPS = "application/x-rtp,media=video,clock-rate=90000,encoding-name=H264,payload=96"

Gst.init(None)


class Street(GstRtspServer.RTSPMediaFactory):  # type: ignore[misc]
    """One reader of the feed for all who watch, whatever port they think that this is.

    Left alone, there is another reader for everybody who comes through a port of another number,
    and the feed goes to one of them only.
    """

    def do_gen_key(self, _url: object) -> str:
        """Return what is the same for all who are to share a reader."""
        return "street"


factory = Street()
factory.set_launch(
    f'( udpsrc address=127.0.0.1 port={sys.argv[1]} buffer-size=1000000 caps="{_CAPS}" '
    "! rtph264depay ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 "
    "config-interval=-1 )"
)
factory.set_shared(True)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
server.get_mount_points().add_factory("/clip", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
