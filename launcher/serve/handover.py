"""Two web processes on one port: the new one listens beside the old, and either can leave without a loss.

With SO_REUSEPORT the kernel spreads new connections over every socket that listens on the port. When one of
them closes, the connections waiting in its queue are reset. So the one that leaves first asks the kernel to
give new connections to the other (a one-instruction BPF program on the group, Linux 4.5), accepts what waits,
and only then closes. Elsewhere than on Linux nothing of this is done; deploys happen on Linux.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import socket
import struct
import sys

SO_ATTACH_REUSEPORT_CBPF = 51  # asm-generic/socket.h; the socket module does not name them
SO_DETACH_REUSEPORT_BPF = 68
BPF_RET_K = 0x06
PROBE = b"HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
PROBE_SECONDS = 1.0


async def steer_away(listening: socket.socket) -> None:
    """Send new connections to the other socket of the group, where there is one.

    Call it once this process (and whoever shares this very socket) answers with ``Connection: close``: the
    kernel does not tell which place in the group is ours, so a request shows who answers at a place.
    """
    if not shares_port(listening):
        return
    for place in (1, 0):  # the newer, the older; a place that is not there is ignored by the kernel
        _send_to(listening, place)
        if not await _answered_by_one_that_leaves(listening):
            return
    spread_again(listening)


def spread_again(listening: socket.socket) -> None:
    """Undo what a process that left has asked for: every listening socket gets connections."""
    if shares_port(listening):
        with contextlib.suppress(OSError):  # nothing was asked for
            listening.setsockopt(socket.SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, 0)


def shares_port(listening: socket.socket) -> bool:
    """Tell whether another process may listen on the same port."""
    if sys.platform != "linux" or listening.family == socket.AF_UNIX:
        return False
    return bool(listening.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT))


def _send_to(listening: socket.socket, place: int) -> None:
    program = ctypes.create_string_buffer(struct.pack("HBBI", BPF_RET_K, 0, 0, place))
    with contextlib.suppress(OSError):
        listening.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, struct.pack("HP", 1, ctypes.addressof(program))
        )


async def _answered_by_one_that_leaves(listening: socket.socket) -> bool:
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(PROBE)
                return b"\r\nconnection: close" in (await reader.readuntil(b"\r\n\r\n")).lower()
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return True  # whoever is there does not answer: rather keep the connections
