"""The parent process of several workers."""

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
