"""Two instances behind a proxy, restarted one after the other while clients write."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any

import httpx2
import pytest

from tests.core.web.proxies.proxy import Proxy, each_recipe, proxying
from tests.modules.test_products import PEN
from tests.processes.servers import Server, free_port, serving

CLIENTS = 32  # 6 are not enough to notice a server that resets connections
DELAY = 2  # in seconds, more than a proxy takes to notice that a server stops or starts


pens = count()


@contextmanager
def load(proxy: Proxy) -> Iterator[Counter[str]]:
    """Write and read all the time; count the results by status or error."""
    done, results = Event(), Counter[str]()

    def ask() -> None:
        with proxy.client() as client:
            while not done.is_set():
                pen = PEN | {"sku": f"PEN-{next(pens)}"}
                results[result(client, "POST", json=pen)] += 1
                results[result(client, "GET", params={"limit": 1})] += 1

    with ThreadPoolExecutor(CLIENTS) as threads:
        asked = [threads.submit(ask) for _ in range(CLIENTS)]
        try:
            yield results
        finally:
            done.set()
        for each in asked:
            each.result()


def result(client: httpx2.Client, method: str, **content: Any) -> str:
    try:
        response = client.request(method, "/products", **content)
    except httpx2.TransportError as error:
        return repr(error)
    return response.text if response.is_error else str(response.status_code)


@pytest.mark.heavy
@each_recipe
def test_a_rolling_restart_loses_no_request(
    url: str, tmp_path: Path, program: str
) -> None:
    workers = {free_port(): "1", free_port(): "2"}
    with ExitStack() as stack:

        def start(port: int) -> Server:
            number = workers[port]
            run = serving(
                url, tmp_path, port=port, WORKERS=number, SHUTDOWN_DELAY=f"{DELAY}"
            )
            return stack.enter_context(run)

        servers = [start(port) for port in workers]
        proxy = stack.enter_context(proxying(program, tmp_path, *servers))
        for server, port in zip(servers, workers, strict=True):
            with load(proxy) as results:
                while results.total() < 200:
                    Event().wait(0.01)
                assert server.stop() == 0
            assert set(results) == {"200", "201"}
            # The other one would slow down the start.
            start(port).wait_for("/readyz")
            sleep(DELAY)
