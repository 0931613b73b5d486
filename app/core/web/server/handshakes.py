"""End of the handshakes on a listening socket, before it is closed."""

import ctypes
import socket
import struct
import sys
from contextlib import suppress

ATTACH_FILTER = 26  # SO_ATTACH_FILTER, which the module socket does not have
# Classic BPF: load the flags of the TCP header; 0 drops a SYN, all others pass.
PROGRAM = (
    (0x30, 0, 0, 13),
    (0x45, 0, 1, 0x02),
    (0x06, 0, 0, 0),
    (0x06, 0, 0, 0xFFFF_FFFF),
)


def stop_handshakes(listener: socket.socket) -> None:
    """Ignore new connections, but complete those whose handshake has begun.

    Closing the socket would reset the latter, which the client believes to be open and
    may have sent a request on. A client whose first packet is ignored sends it again
    after a second, is refused by then, and asks another server. Only on Linux.
    """
    if sys.platform != "linux":
        return
    code = b"".join(struct.pack("HBBI", *line) for line in PROGRAM)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HP", len(PROGRAM), ctypes.addressof(buffer))
    with suppress(OSError):  # a sandbox may not have it
        listener.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, program)
