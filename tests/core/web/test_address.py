"""Requests under a path of a proxy, of any host, and probes."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from app.core.config import Settings
from app.core.enums import AccessMode
from app.main import create_app
from tests.accounts import root_header
from tests.clients import Client
from tests.databases import make_settings
from tests.modules.test_products import PEN

pytestmark = pytest.mark.either

SHOP = "/shop"
PRODUCTS = "/api/v1/products"


@pytest.fixture
def shop(url: str) -> Iterator[TestClient]:
    settings = make_settings(url, ROOT_PATH=SHOP)
    with Client(create_app(settings), base_url="http://test") as client:
        client.headers.update(root_header(settings))
        yield client


@pytest.mark.slow
@pytest.mark.parametrize("sent", ["", SHOP], ids=["stripped", "whole"])
def test_all_addresses_have_the_path_of_the_proxy(shop: TestClient, sent: str) -> None:
    made = shop.post(f"{sent}{PRODUCTS}", json=PEN)
    location = made.headers["location"]
    assert location == f"{SHOP}{PRODUCTS}/{made.json()['id']}"
    assert shop.get(sent + location.removeprefix(SHOP)).json() == made.json()
    missing = shop.get(f"{sent}{PRODUCTS}/x").json()
    assert (missing["status"], missing["instance"]) == (422, f"{SHOP}{PRODUCTS}/x")
    refused = shop.put(f"{sent}{PRODUCTS}")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, POST")
    assert refused.json()["instance"] == f"{SHOP}{PRODUCTS}"
    for path in ("/livez", "/docs", "/audit", "/"):
        assert shop.get(sent + path).status_code == 200


@pytest.mark.slow
def test_the_document_has_the_path_of_the_proxy(shop: TestClient) -> None:
    document = shop.get("/openapi.json").json()
    assert document["servers"] == [{"url": SHOP}]
    (scheme,) = document["components"]["securitySchemes"].values()
    assert scheme["flows"]["password"]["tokenUrl"] == f"{SHOP}/api/v1/auth/login"
    assert f"http://test{SHOP}</span>/api/v1/auth/login" in shop.get(SHOP).text


def test_a_path_that_begins_with_the_same_letters_is_another(shop: TestClient) -> None:
    missing = shop.get("/shopping")
    assert missing.json()["instance"] == "/shop/shopping"


@pytest.mark.parametrize("path", ["shop", "/shop/", "/", "/api", "/docs/x", "/a b"])
def test_a_path_that_cannot_be_a_prefix_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="ROOT_PATH"):
        make_settings("sqlite:///", ROOT_PATH=path)


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_answer_any_host(shop: TestClient, path: str) -> None:
    for sent in ("", SHOP):
        for host in ("10.0.0.7:8000", "evil.example", "", "a b"):
            assert shop.get(sent + path, headers={"host": host}).status_code == 200
    assert shop.get("/", headers={"host": "10.0.0.7"}).status_code == 400


@pytest.mark.parametrize("recorded", [True, False])
def test_probes_are_recorded_unless_the_setting_says_otherwise(
    settings: Settings, recorded: bool
) -> None:
    values = {"RECORD_PROBES": recorded, "AUDIT_ACCESS_MODE": AccessMode.BLOCKING}
    given = settings.model_copy(update=values)
    with (
        Client(create_app(given), base_url="http://test") as client,
        capture_logs() as logs,
    ):
        client.headers.update(root_header(settings))
        for path in ("/livez", "/readyz", "/livez/x"):
            assert client.get(path).headers["x-request-id"]
        log = "/api/v1/audit/accesses"
        found = {entry["path"] for entry in client.get(log).json()["items"]}
    assert ({"/livez", "/readyz"} <= found, "/livez/x" in found) == (recorded, True)
    assert ("/livez" in {line.get("route") for line in logs}) == recorded
