"""The application as a process: start, shutdown, crashes and logs."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import httpx2
import pytest

from app.core.web.server.other_servers import ADVICE
from tests.databases import ROOT, prepare
from tests.modules.test_products import PEN
from tests.processes.forked import command
from tests.processes.locks import locked
from tests.processes.servers import (
    TIMEOUT,
    Server,
    environment,
    free_port,
    serving,
    wait_until,
)

pytestmark = pytest.mark.slow

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
WAITS = "Waiting for connections to close"  # logged by uvicorn
FASTAPI = str(Path(sys.executable).parent / "fastapi")


@pytest.fixture
def server(url: str, tmp_path: Path) -> Iterator[Server]:
    with serving(url, tmp_path) as server:
        yield server


def records(server: Server) -> list[dict[str, object]]:
    lines = server.log.read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def patch(client: httpx2.Client, path: str, sent: Event) -> httpx2.Response:
    """Set the event as soon as the request is sent."""

    def trace(step: str, _: object) -> None:
        if step == "http11.send_request_body.complete":
            sent.set()

    return client.patch(path, json={"name": "New"}, extensions={"trace": trace})


def test_a_request_finishes_after_sigterm(server: Server, url: str) -> None:
    sent = Event()
    with server.client() as client, ThreadPoolExecutor() as threads:
        made = client.post("/products", json=PEN).json()
        product = f"/products/{made['id']}"
        with locked(url, "product"):
            change = threads.submit(patch, client, product, sent)
            sent.wait()
            stopped = threads.submit(server.stop)
            wait_until(lambda: WAITS in server.log.read_text(), "It does not wait")
        assert change.result().status_code == 200
        assert change.result().json()["name"] == "New"
        assert stopped.result() == 0


@pytest.mark.either
def test_committed_rows_survive_kill_9(
    server: Server, url: str, tmp_path: Path
) -> None:
    answered: list[str] = []

    def write(number: int) -> None:
        try:
            made = client.post("/products", json=PEN | {"sku": f"PEN-{number}"})
        except httpx2.TransportError:
            return
        assert made.status_code == 201
        answered.append(made.json()["sku"])
        if len(answered) >= 60:
            server.process.kill()

    with server.client() as client, ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(200)))
    assert len(answered) >= 60
    with serving(url, tmp_path) as again, again.client() as client:
        kept = set()
        for offset in (0, 200):
            page = client.get("/products", params={"limit": 200, "offset": offset})
            kept |= {item["sku"] for item in page.json()["items"]}
    assert kept >= set(answered)
    assert len(kept) <= len(answered) + 8


@pytest.mark.either
def test_requests_are_rejected_until_the_schema_is_at_head(
    empty_url: str, tmp_path: Path
) -> None:
    with serving(empty_url, tmp_path, ENVIRONMENT="production") as server:
        for _ in range(3):
            readyz = server.wait_for("/readyz", status=503)
            assert "alembic upgrade head" in readyz.json()["detail"]
            assert readyz.headers["retry-after"]
        with server.client() as client:
            refused = client.get("/products")
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            not_ready = [r for r in records(server) if r["event"] == "not_ready"]
            assert len(not_ready) == 1
            prepare(empty_url)
            assert client.get("/products").status_code == 200
        server.wait_for("/readyz")


def test_an_unreachable_database_returns_503(tmp_path: Path) -> None:
    url = f"postgresql://user:secret@127.0.0.1:{free_port()}/app"
    with serving(url, tmp_path) as server, server.client() as client:
        assert server.wait_for("/readyz", status=503).json()["code"] == "unavailable"
        assert client.get("/products").status_code == 503
        assert client.post("/products", json=PEN).status_code == 503
    assert "secret" not in server.log.read_text()


@pytest.mark.sampled
@pytest.mark.parametrize(
    "command",
    [
        (FASTAPI, "dev", "app/main.py", "--no-reload", "--port"),
        (FASTAPI, "run", "app/main.py", "--port"),
    ],
    ids=["dev", "run"],
)
def test_the_fastapi_command_serves_the_application(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    url = f"sqlite:///{tmp_path / 'app.db'}"
    prepare(url)
    port = free_port()
    with serving(url, tmp_path, command=(*command, str(port)), port=port) as server:
        server.wait_for("/readyz")
        with server.client() as client:
            assert client.post("/products", json=PEN).status_code == 201


@pytest.mark.parametrize("own", [True, False], ids=["own", "other"])
def test_another_server_is_logged_in_production(tmp_path: Path, own: bool) -> None:
    url, port = f"sqlite:///{tmp_path / 'app.db'}", free_port()
    prepare(url)
    other = (sys.executable, "-m", "uvicorn", "app.main:app", "--port", str(port))
    command = None if own else other
    with serving(url, tmp_path, command, port, ENVIRONMENT="production") as server:
        server.wait_for("/livez")
        lines = server.log.read_text().splitlines()
    parsed = [json.loads(line) for line in lines if line.startswith("{")]
    warnings = [line["advice"] for line in parsed if line["event"] == "other_server"]
    assert warnings == ([] if own else [ADVICE])


@pytest.mark.either
def test_production_logs_only_json(url: str, tmp_path: Path) -> None:
    with serving(url, tmp_path, ENVIRONMENT="production") as server:
        headers = {"x-request-id": "abc", "traceparent": f"00-{TRACE}-{'1' * 16}-01"}
        path = f"{server.base_url}/api/v1/products/x"
        httpx2.get(path, headers=headers, timeout=TIMEOUT)
        assert server.stop() == 0
    parsed = [json.loads(line) for line in server.log.read_text().splitlines()]
    (request,) = [r for r in parsed if r.get("request_id") == "abc"]
    assert request.pop("duration_ms") > 0
    assert request.pop("timestamp").endswith("Z")
    assert request == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "path": "/api/v1/products/x",
        "client": "127.0.0.1",
        "trace_id": TRACE,
        "route": "/api/v1/products/{product_id}",
        "status": 401,
        "request_id": "abc",
    }
    assert any(r.get("logger") == "uvicorn.error" for r in parsed)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("SECRET_KEY", "hunter2"),
        ("DATABASE_URL", "mysql://u:hunter2@h/d"),
        ("LOG_LEVEL", "LOUD"),
        ("ENVIRONMENT", "prod"),
        ("WORKERS", "0"),
        ("DOCS_CDN", "http://cdn.example"),
    ],
)
def test_an_invalid_setting_stops_the_start(name: str, value: str) -> None:
    done = command(("-m", "app"), environment("sqlite://", **{name: value}))
    assert (done.code, done.output) == (1, "")
    (sentence,) = done.errors.splitlines()
    assert f"{name}: " in sentence
    assert "hunter2" not in sentence


def test_the_environment_overrides_the_env_file(tmp_path: Path) -> None:
    own = shutil.ignore_patterns("__pycache__")  # others may be writing it
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=own)
    (tmp_path / ".env").write_text(f"SECRET_KEY={'s' * 40}\nPORT=1111\nHOST=10.0.0.1\n")
    code = "from app.core.config import settings; print(settings.HOST, settings.PORT)"
    values = environment("sqlite:///x.db", PORT="2222")
    values.pop("HOST", None)
    command = (sys.executable, "-c", code)
    output = subprocess.check_output(command, cwd=tmp_path, env=values)
    assert output.split() == [b"10.0.0.1", b"2222"]
