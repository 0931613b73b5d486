"""Metrics at an address of their own, of one process and of several."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import httpx2
import psutil  # type: ignore[import-untyped]  # It has no type stubs.
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse
from pydantic import ValidationError

from app.audit.metrics.gauges import oldest_age, sizes
from app.core.observability.metrics.collector import dead_workers
from app.core.observability.metrics.names import PREFIX, REQUESTS, all_names
from tests.databases import make_settings
from tests.processes.forked import command
from tests.processes.servers import Server, environment, free_port, serving

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}")
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
PEN = {"sku": "PEN-1", "name": "Pen", "price": "1.50"}
GET_ONE = ("GET", "/api/v1/products/{product_id}")
INIT = 1  # a process that always runs


class Scraped:
    """Scrapes of one address."""

    def __init__(self, address: str) -> None:
        self.address = address

    def samples(self) -> Samples:
        text = httpx2.get(f"http://{self.address}/metrics", timeout=30).text
        found = [each for family in parse(text) for each in family.samples]
        return {
            (each.name, tuple(sorted(each.labels.items()))): each.value
            for each in found
        }

    def value(self, name: str, **labels: str) -> float | None:
        return self.samples().get((name, tuple(sorted(labels.items()))))

    def requests(self, method: str, route: str, status: str) -> float:
        labels = {"method": method, "route": route, "status": status}
        return self.value(f"{REQUESTS}_count", **labels) or 0

    def wait_for(self, name: str, value: float, **labels: str) -> None:
        until = monotonic() + 60
        while (found := self.value(name, **labels)) != value:
            assert monotonic() < until, f"{name} is {found}"
            sleep(0.1)


def serving_metrics(
    url: str, folder: Path, **values: str
) -> Iterator[tuple[Server, Scraped]]:
    address = f"127.0.0.1:{free_port()}"
    spool = str(folder / "spool")
    temporary = folder / "temporary"
    temporary.mkdir()
    values |= {"METRICS_ADDRESS": address, "AUDIT_SPOOL_DIR": spool}
    values |= {"TMPDIR": str(temporary)}
    with serving(url, folder, **values) as server:  # type: ignore[arg-type]
        yield server, Scraped(address)


@pytest.fixture
def measured(url: str, tmp_path: Path) -> Iterator[tuple[Server, Scraped]]:
    yield from serving_metrics(url, tmp_path)


@pytest.mark.slow
def test_requests_are_counted_by_template_method_and_class(
    measured: tuple[Server, Scraped],
) -> None:
    server, scraped = measured
    with server.client() as client:
        path = f"/products/{client.post('/products', json=PEN).json()['id']}"
        for _ in range(3):
            client.get(path)
        client.post("/products", json=PEN)
        client.get(f"/secret-{PEN['sku']}")
        client.request("BREW", path)
        assert scraped.requests(*GET_ONE, "2xx") == 3
        assert scraped.requests("POST", "/api/v1/products", "2xx") == 1
        assert scraped.requests("POST", "/api/v1/products", "4xx") == 1
        assert scraped.requests("GET", "none", "4xx") == 1
        scraped.wait_for(f"{PREFIX}ready", 1)
        wrong = {"username": "nobody@example.com", "password": "wrong-Password-1"}
        for _ in range(6):
            status = client.post("/auth/login", data=wrong).status_code
        assert status == 429
        scraped.wait_for(f"{PREFIX}logins_throttled_total", 1)
    assert (scraped.value(f"{PREFIX}database_checkouts_total") or 0) > 0
    found = scraped.samples()
    labels = "\n".join(str(each) for _, each in found)
    assert UUID.search(labels) is None
    assert "secret" not in labels
    assert "BREW" not in labels
    server.stop()
    assert list((server.log.parent / "temporary").iterdir()) == []


@pytest.mark.heavy
def test_a_scrape_has_the_requests_of_all_workers(url: str, tmp_path: Path) -> None:
    """Also those of a worker that was killed, whose gauges are gone."""
    for server, scraped in serving_metrics(url, tmp_path, WORKERS="2"):
        server.wait_for("/readyz")
        with server.client() as client:
            path = f"/products/{client.post('/products', json=PEN).json()['id']}"
        for _ in range(20):
            with server.client() as client:  # of any worker
                client.get(path)
        assert scraped.requests(*GET_ONE, "2xx") == 20
        scraped.wait_for(f"{PREFIX}ready", 1)
        workers = psutil.Process(server.process.pid).children()
        served = [each for each in workers if "spawn_main" in " ".join(each.cmdline())]
        os.kill(served[0].pid, signal.SIGKILL)
        assert scraped.requests(*GET_ONE, "2xx") == 20
        server.wait_for("/readyz")


@pytest.mark.heavy
def test_a_feed_is_counted_while_it_is_open(measured: tuple[Server, Scraped]) -> None:
    server, scraped = measured
    route = "/api/v1/audit/changes/stream"
    with server.client() as client, client.stream("GET", "/audit/changes/stream") as it:
        assert it.status_code == 200
        scraped.wait_for(f"{PREFIX}feeds_open", 1)
        assert scraped.requests("GET", route, "2xx") == 1
    scraped.wait_for(f"{PREFIX}feeds_open", 0)


@pytest.mark.heavy
def test_a_scrape_works_while_the_database_is_away(url: str, tmp_path: Path) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("A file is moved away")
    file = Path(url.removeprefix("sqlite:///"))
    for server, scraped in serving_metrics(url, tmp_path):
        scraped.wait_for(f"{PREFIX}ready", 1)
        away = file.rename(file.with_suffix(".away"))
        server.wait_for("/readyz", 503)
        scraped.wait_for(f"{PREFIX}ready", 0)
        away.rename(file)
        server.wait_for("/readyz")
        scraped.wait_for(f"{PREFIX}ready", 1)
        assert "background_work_failed" not in server.log.read_text()


@pytest.mark.heavy
def test_all_values_are_named(measured: tuple[Server, Scraped]) -> None:
    _, scraped = measured
    scraped.wait_for(f"{PREFIX}writable", 1)
    names = {re.sub(r"_(bucket|count|sum)$", "", name) for name, _ in scraped.samples()}
    assert names <= all_names()


@pytest.mark.slow
def test_without_an_address_nothing_is_measured(url: str, tmp_path: Path) -> None:
    with serving(url, tmp_path) as server:
        with server.client() as client:
            assert client.get("/metrics").status_code == 404
        maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "metrics-" not in maps


@pytest.mark.parametrize(
    "address",
    ["9100", "127.0.0.1", "127.0.0.1:0", "a:65536", "http://a:1", ":"],
)
def test_an_address_needs_a_host_and_a_port(address: str) -> None:
    with pytest.raises(ValidationError):
        make_settings("sqlite:///", METRICS_ADDRESS=address)


@pytest.mark.slow
def test_an_address_in_use_is_reported(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        env = environment("sqlite:///", PORT=str(free_port()), METRICS_ADDRESS=address)
        done = command(("-m", "app"), env)
    assert (done.code, done.output) == (1, "")
    assert done.errors.startswith("Can't listen on 127.0.0.1, port ")


def test_a_program_with_the_id_of_an_ended_worker_is_not_taken_for_it(
    tmp_path: Path,
) -> None:
    """Else the scrape would show the last values of the worker, or fail."""
    for process in (os.getpid(), INIT):
        (tmp_path / f"gauge_livemin_{process}.db").touch()
    assert dead_workers(tmp_path) == {INIT}


def test_a_spool_that_cannot_be_read_has_no_segments() -> None:
    """Its metrics are samples of the same turn as all others, which go on."""
    folder = Path("x" * 300)
    assert sizes(folder) == []
    assert oldest_age(folder) < 60
