"""The HTML pages over HTTP: content, links and Content-Security-Policy."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import create_app
from tests.databases import make_settings

pytestmark = [pytest.mark.either, pytest.mark.slow]

PAGES = ("/", "/docs", "/redoc", "/audit", "/password")
DOCS = {"/docs", "/redoc", "/openapi.json"}
REFERENCE = re.compile(r'(?:href|src|data-document|data-probe)="([^"#]+)')
INLINE = re.compile(r"<style|<script(?![^>]* src=)|<[^>]+ (style|on\w+)=")


@contextmanager
def visiting(app: FastAPI, root_path: str = "") -> Iterator[TestClient]:
    with TestClient(app, base_url="http://test", root_path=root_path) as visitor:
        yield visitor


@pytest.fixture
def visitor(app: FastAPI) -> Iterator[TestClient]:
    with visiting(app) as visitor:
        yield visitor


def references(page: str) -> set[str]:
    return {unescape(address) for address in REFERENCE.findall(page)}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_a_complete_html_document(visitor: TestClient, path: str) -> None:
    response = visitor.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert '<html lang="en">' in response.text
    assert re.search(r"<title>[^<]+</title>", response.text)
    assert 'name="viewport"' in response.text
    assert visitor.head(path).status_code == 200
    assert visitor.post(path).headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_only_scripts_of_its_origin(visitor: TestClient, path: str) -> None:
    response = visitor.get(path)
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none'")
    assert "script-src 'self'; style-src 'self'" in policy.replace(
        " img-src 'self';", ""
    )
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not INLINE.search(response.text)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("root", ["", "/shop"])
def test_each_reference_of_a_page_is_served(app: FastAPI, path: str, root: str) -> None:
    with visiting(app, root) as visitor:
        addresses = references(visitor.get(root + path).text)
        assert len(addresses) > 4
        for address in addresses:
            assert address.startswith(f"{root}/")
            assert visitor.get(address).status_code == 200, address


def test_pages_are_not_part_of_the_api(visitor: TestClient) -> None:
    paths = visitor.get("/openapi.json").json()["paths"]
    assert not {*PAGES, "/static/{name}"} & paths.keys()


def test_production_hides_the_api_documentation(url: str) -> None:
    with visiting(create_app(make_settings(url, ENVIRONMENT="production"))) as visitor:
        assert {visitor.get(path).status_code for path in DOCS} == {404}
        assert not references(visitor.get("/").text) & DOCS
        assert "/audit" in references(visitor.get("/").text)
        assert visitor.get("/audit").status_code == 200


def test_production_serves_the_api_documentation_if_configured(url: str) -> None:
    settings = make_settings(url, ENVIRONMENT="production", EXPOSE_DOCS=True)
    with visiting(create_app(settings)) as visitor:
        assert {visitor.get(path).status_code for path in DOCS} == {200}
        assert references(visitor.get("/").text) >= DOCS


@pytest.mark.parametrize("host", ['"><script>alert(1)</script>', "evil.example", ""])
def test_an_invalid_host_is_rejected(visitor: TestClient, host: str) -> None:
    assert visitor.get("/", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ['"><script>alert(1)</script>', "a b"])
def test_an_invalid_host_is_not_echoed(url: str, host: str) -> None:
    with visiting(create_app(make_settings(url, ALLOWED_HOSTS="*"))) as visitor:
        response = visitor.get("/", headers={"Host": host})
    assert response.status_code == 200
    assert host not in response.text
    assert not INLINE.search(response.text)
