"""The landing page: its content, and the example requests."""

import json
import re
import shlex
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from tests.accounts import PASSWORD
from tests.databases import make_settings

pytestmark = pytest.mark.either

HOME = "http://test/"
EXAMPLE = re.compile(
    r'<div class="(request|answer)[^"]*">\s*(?:<p><strong>(\d+).*?</p>\s*)?'
    r"<pre[^>]*><code>(.*?)</code>",
    re.DOTALL,
)


def test_the_landing_page_shows_that_the_service_is_ready(client: TestClient) -> None:
    page = client.get(HOME).text
    assert "<strong>Ready</strong>" in page
    assert "http://test/api/v1/products" in unescape(re.sub("<[^>]+>", "", page))


def test_the_landing_page_shows_why_the_service_is_not_ready(empty_url: str) -> None:
    with TestClient(create_app(make_settings(empty_url))) as client:
        response = client.get(HOME)
    assert response.status_code == 200
    assert "<strong>Not ready</strong>" in response.text
    assert "run `alembic upgrade head`" in response.text


def test_the_landing_page_counts_the_operations(client: TestClient) -> None:
    text = re.sub(r"<[^>]+>|\s+", " ", client.get(HOME).text)
    assert re.search(r" products +\d+ operations ", text)


def examples(page: str) -> Iterator[tuple[str, int, str]]:
    """Yield each example on the page: request, status and response body."""
    request = ""
    for kind, status, code in EXAMPLE.findall(page):
        text = unescape(re.sub("<[^>]+>", "", code))
        if kind == "request":
            request = text
        else:
            yield request, int(status), text


def run(client: TestClient, command: str) -> tuple[int, dict[str, Any]]:
    """Send the request of a curl command; return its status and body."""
    method, headers, body, url = None, {}, None, ""
    form = {}
    words = iter(shlex.split(command.replace("\\\n", ""))[1:])
    for word in words:
        match word:
            case "-X":
                method = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                body = next(words)
            case "--data-urlencode":
                name, _, form[name] = next(words).partition("=")
            case _:
                url = word
    method = method or ("POST" if body or form else "GET")
    sent = {"data": form} if form else {"content": body}
    response = client.request(method, url, headers=headers, **sent)
    return response.status_code, response.json()


@pytest.mark.slow
def test_the_examples_return_the_responses_on_the_page(anonymous: TestClient) -> None:
    known = {
        "admin@example.com": "root@example.com",
        "$RANDOM": "20417",
        "password=…": f"password={PASSWORD}",
    }
    for command, status, shown in examples(anonymous.get(HOME).text):
        for word, value in known.items():
            command = command.replace(word, value)  # noqa: PLW2901
        answered, body = run(anonymous, command)
        assert answered == status, command
        if "id" in body:
            known["$ID"] = body["id"]
        if "access_token" in body:
            known["$TOKEN"] = body["access_token"]
        if "…" not in shown:
            assert json.loads(shown).keys() == body.keys()
    assert (answered, body["code"]) == (412, "precondition_failed")
    assert body["detail"] in shown
