"""Static files of the pages, and the pinned files of a CDN."""

import re
from base64 import b64encode
from hashlib import sha384

import pytest
from fastapi.testclient import TestClient

from app.core.pages.assets import LIBRARIES
from app.main import create_app
from tests.databases import make_settings

pytestmark = pytest.mark.either

CDN = "https://cdn.example.com/npm"
PINNED = re.compile(rf'="{CDN}/([^"]+)" integrity="([^"]+)" crossorigin="anonymous"')


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("site.css", "text/css; charset=utf-8"),
        ("landing.js", "text/javascript; charset=utf-8"),
        ("favicon.svg", "image/svg+xml"),
        ("redoc.standalone.js", "text/javascript; charset=utf-8"),
    ],
)
def test_a_file_has_its_media_type(client: TestClient, name: str, kind: str) -> None:
    response = client.get(f"http://test/static/{name}")
    assert response.status_code == 200
    assert response.headers["content-type"] == kind


@pytest.mark.slow
def test_only_a_url_with_the_current_digest_is_cached(client: TestClient) -> None:
    page = client.get("http://test/").text
    for url_path in re.findall(r'"(/static/[^"]+)"', page):
        right = client.get(f"http://test{url_path}")
        wrong = client.get(f"http://test{url_path}0")
        assert right.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert wrong.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["", "none.css", "landing.html", "..%2fpages.py", "%2e%2e/pages.py", "%00"]
)
def test_other_paths_are_not_found(client: TestClient, name: str) -> None:
    response = client.get(f"http://test/static/{name}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_redoc_loads_no_external_logo(client: TestClient) -> None:
    assert (
        "cdn.redoc.ly" not in client.get("http://test/static/redoc.standalone.js").text
    )


def test_cdn_files_are_pinned_to_the_installed_files(url: str) -> None:
    app = create_app(make_settings(url, DOCS_CDN=CDN))
    with TestClient(app, base_url="http://test") as client:
        pages = [client.get("/docs"), client.get("/redoc")]
    pinned = [found for page in pages for found in PINNED.findall(page.text)]
    for path, integrity in pinned:
        digest = sha384((LIBRARIES / path.rpartition("/")[2]).read_bytes()).digest()
        assert integrity == f"sha384-{b64encode(digest).decode()}"
    swagger = f"{CDN}/{pinned[0][0]} {CDN}/{pinned[1][0]}"
    policies = [page.headers["content-security-policy"] for page in pages]
    assert f"script-src 'self' {swagger}; style-src 'self' {swagger}" in policies[0]
    assert f"script-src 'self' {CDN}/{pinned[2][0]}; style-src 'self'" in policies[1]
    assert [path for path, _ in pinned] == [
        "swagger-ui-dist@5.32.6/swagger-ui.css",
        "swagger-ui-dist@5.32.6/swagger-ui-bundle.js",
        "redoc@2.5.3/bundles/redoc.standalone.js",
    ]


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("swagger-ui-bundle.js", b'PACKAGE_VERSION:"5.32.6"'),
        ("redoc.standalone.js", b'="2.5.3",'),
    ],
)
def test_the_cdn_version_is_the_installed_version(name: str, mark: bytes) -> None:
    assert mark in (LIBRARIES / name).read_bytes()
