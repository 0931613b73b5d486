"""The parent process of several workers."""

import os
import pickle
import signal
import socket
import threading
import time
from collections.abc import Collection
from typing import Any

import uvicorn
from uvicorn.supervisors import multiprocess

from app.core.web.server.config import ServerConfig
from app.core.web.server.handshakes import stop_handshakes
from app.core.web.server.server import Server


class Worker(multiprocess.Process):
    config: ServerConfig
    pinged_at: float | None = None  # if it has not answered yet

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = Server(self.config)
        return self._server

    def start(self) -> None:
        """Start it, and close its end of the pipe here.

        Otherwise a ping of a worker that is killed meanwhile waits for the whole
        START_TIMEOUT: the parent process replaces no worker, and stops for no signal.
        """
        super().start()
        self.child_conn.close()

    def is_alive(self, timeout: float = 5) -> bool:
        """Return whether it has answered the last ping, or still has time to.

        The parent process does not wait for the answer: it would neither replace
        another worker meanwhile, nor stop.
        """
        try:
            if self.pinged_at is None:
                self.parent_conn.send(b"ping")
                self.pinged_at = time.monotonic()
            elif self.parent_conn.poll():
                self.parent_conn.recv()
                self.pinged_at = None
        except (OSError, EOFError, pickle.UnpicklingError):
            return False
        is_late = self.pinged_at and time.monotonic() > self.pinged_at + timeout
        return self.process.is_alive() and not is_late

    def terminate(self) -> None:
        """Stop it, also if it is suspended: only then it handles the signal."""
        super().terminate()
        if self.process.exitcode is None and self.process.pid:
            os.kill(self.process.pid, signal.SIGCONT)


class StopEvent(threading.Event):
    """Set as soon as a signal to stop has arrived, also before it is handled.

    The parent process handles signals between other work, and looks at this in between.
    """

    def __init__(self, arrived: Collection[int]) -> None:
        super().__init__()
        self.arrived = arrived

    def is_set(self) -> bool:
        is_due = signal.SIGTERM in self.arrived or signal.SIGINT in self.arrived
        return is_due or super().is_set()


class Supervisor(multiprocess.Multiprocess):
    config: ServerConfig
    interrupted = False

    def __init__(self, config: ServerConfig, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        # Otherwise a restart, which SIGHUP begins, replaces all workers before a stop.
        self.should_exit = StopEvent(self.signal_queue)

    def handle_int(self) -> None:
        super().handle_int()
        self.interrupted = True

    def terminate_all(self) -> None:
        """Stop the workers, and close the listening socket when they do.

        While it is open, connections are made that none of them accepts.
        """
        super().terminate_all()
        if not self.interrupted:
            time.sleep(self.config.shutdown_delay)
        for listener in self.sockets:
            stop_handshakes(listener)
            listener.close()


# Multiprocess has no parameter for the class of its processes.
module: Any = multiprocess
module.Process = Worker
