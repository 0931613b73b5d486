"""The log line of a request: who, from where, what, and in which trace."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import get_current_span
from structlog.testing import capture_logs

from app.core.context import current_ids, new_context
from app.core.exceptions import UnavailableException
from app.core.observability.tracing import trace_id_of
from app.core.web.middleware import context_of
from tests.accounts import ROOT
from tests.conftest import ClientWith

pytestmark = pytest.mark.either

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def line_of(client: TestClient, path: str, **headers: str) -> dict[str, Any]:
    with capture_logs() as lines:
        client.get(path, headers=headers)
    (line,) = [line for line in lines if line["event"] == "request"]
    return dict(line)


def test_a_line_has_user_client_and_path(client: TestClient) -> None:
    line = line_of(client, "/products/x?q=secret")
    assert line.pop("duration_ms") > 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "path": "/api/v1/products/x",
        "route": "/api/v1/products/{product_id}",
        "status": 422,
        "client": "127.0.0.1",
        "user": str(ROOT.user_id),
    }


def test_the_client_is_the_one_behind_the_proxy(
    app: FastAPI, anonymous: TestClient
) -> None:
    trusted = {"TRUSTED_PROXIES": ("127.0.0.1",)}
    app.state.settings = app.state.settings.model_copy(update=trusted)
    line = line_of(anonymous, "http://test/livez", **{"x-forwarded-for": "192.0.2.7"})
    assert line["client"] == "192.0.2.7"


def test_what_is_unknown_is_left_out(anonymous: TestClient) -> None:
    line = line_of(anonymous, "http://test/nowhere%0A")
    assert (line["status"], line["path"]) == (404, "/nowhere%0A")
    assert line.keys().isdisjoint({"route", "user", "trace_id"})


def test_a_503_is_a_warning(client_with: ClientWith, app: FastAPI) -> None:
    @app.get("/away")
    async def fail() -> None:
        raise UnavailableException("The database does not answer")

    line = line_of(client_with(), "http://test/away")
    assert (line["status"], line["log_level"]) == (503, "warning")


def ids_of(*values: str) -> dict[str, str]:
    """Return the ids that each line of a request has, with these `traceparent`s."""
    headers = [(b"traceparent", value.encode()) for value in values]
    with new_context(context_of({"headers": headers}, get_current_span())):
        return current_ids()


def test_each_line_has_the_trace_of_the_caller() -> None:
    assert ids_of(PARENT)["trace_id"] == TRACE
    assert ids_of(f"01-{TRACE}-00f067aa0ba902b7-01-more")["trace_id"] == TRACE


@pytest.mark.parametrize(
    "value",
    [
        *("", "x", f"{PARENT}x", PARENT.upper(), f"ff{PARENT[2:]}"),
        *(PARENT.replace(TRACE, "0" * 32), f"00-{TRACE}-{'0' * 16}-01"),
    ],
)
def test_an_invalid_trace_is_ignored(value: str) -> None:
    assert "trace_id" not in ids_of(value)
    assert "trace_id" not in ids_of(PARENT, value)


def test_a_span_has_the_trace_and_no_secret(
    app: FastAPI, anonymous: TestClient
) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app._telemetry["tracer_provider"] = provider
    seen = []
    app.get("/trace")(
        lambda: seen.append(trace_id_of({"headers": []}, get_current_span()))
    )
    query = "token=hunter2&q=pen"
    anonymous.get(f"http://test/trace?{query}", headers={"traceparent": PARENT})
    anonymous.get("http://test/trace")
    spans = [json.loads(span.to_json()) for span in exporter.get_finished_spans()]
    first, second = (each for each in spans if "url.path" in each["attributes"])
    assert first["attributes"]["url.query"] == "token=***&q=pen"
    assert "url.query" not in second["attributes"]
    assert "hunter2" not in str(spans)
    assert first["context"]["trace_id"] == f"0x{TRACE}"
    assert [f"0x{trace}" for trace in seen] == [
        each["context"]["trace_id"] for each in (first, second)
    ]
