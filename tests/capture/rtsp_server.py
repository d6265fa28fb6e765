"""Serves one clip over RTSP on loopback; run by the system's Python, which has GStreamer.

Usage: rtsp_server.py CLIP [--codec h264|h265|mjpeg] [--raw] [--sound] [--digest USER PASSWORD]

Prints its port and serves rtsp://127.0.0.1:PORT/clip until ended. CLIP is an MP4 file or, with
--raw, a bare H.264 stream, in which the size of the pictures may change. With --sound its sound is
served beside the pictures. With --digest only who knows the password is served, by RFC 2617.
"""

import argparse

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import (  # type: ignore[import-not-found]  # noqa: E402  the versions come first
    GLib,
    Gst,
    GstRtsp,
    GstRtspServer,
)

PAYLOADS = {
    "h264": "h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96",
    "h265": "h265parse config-interval=-1 ! rtph265pay name=pay0 pt=96",
    "mjpeg": "rtpjpegpay name=pay0 pt=26",
}


def launch_line(given: argparse.Namespace) -> str:
    """Return the pipeline that plays the clip."""
    source = f'filesrc location="{given.clip}"'
    if given.raw:
        return f"( {source} ! {PAYLOADS[given.codec]} )"
    pictures = f"d.video_0 ! queue ! {PAYLOADS[given.codec]}"
    sound = "d.audio_0 ! queue ! rtpmp4gpay name=pay1 pt=97" if given.sound else ""
    return f"( {source} ! qtdemux name=d {pictures} {sound} )"


def demand_password(server: GstRtspServer.RTSPServer, user: str, password: str) -> None:
    """Serve nobody without the password, which is never sent in the clear."""
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", user)
    auth.add_digest(user, password, token)
    server.set_auth(auth)


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("clip")
    parser.add_argument("--codec", choices=list(PAYLOADS), default="h264")
    parser.add_argument("--raw", action="store_true")
    parser.add_argument("--sound", action="store_true")
    parser.add_argument("--digest", nargs=2, metavar=("USER", "PASSWORD"))
    given = parser.parse_args()
    Gst.init(None)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(launch_line(given))
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    if given.digest:
        user, password = given.digest
        demand_password(server, user, password)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role(user, "media.factory.access", True)
        permissions.add_permission_for_role(user, "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/clip", factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
