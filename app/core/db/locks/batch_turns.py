"""Turns of the batches of long requests, within a process."""

import asyncio

BATCHES = 2


class BatchTurns:
    """Few batches are read, and few are written, at once.

    Otherwise any other request would wait for one of each export or import.
    """

    def __init__(self) -> None:
        self.reading = asyncio.Semaphore(BATCHES)
        self.writing = asyncio.Semaphore(BATCHES)
