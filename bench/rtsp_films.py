"""Serves films over RTSP on loopback, each at a port of its own; run by the system's Python.

Usage: rtsp_films.py FILM...: H.264 in an MP4 file, or in a transport stream (.ts), whose pictures
may change their size. Prints one port a film, and serves rtsp://127.0.0.1:PORT/film to everybody from
its beginning, until ended. Nothing is decoded or encoded here.
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

Gst.init(None)
servers = []  # a server that nothing holds is gone
for film in sys.argv[1:]:
    read = "tsdemux ! h264parse" if film.endswith(".ts") else "qtdemux"
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f'( filesrc location="{film}" ! {read} ! rtph264pay name=pay0 pt=96 config-interval=-1 )'
    )
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    server.get_mount_points().add_factory("/film", factory)
    server.attach(None)
    servers.append(server)
    print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
