"""Swagger UI of an application that is served under a path."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CHROMIUM, Visit
from tests.browser.test_pages import authorize
from tests.processes.servers import Server, serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def server(address: str, folder: Path) -> Iterator[Server]:
    with serving(address, folder, ROOT_PATH="/shop") as server:
        yield server


def test_swagger_ui_signs_in_and_calls(visit: Visit) -> None:
    page = visit.open("/shop/docs#/products/list_products")
    authorize(page)
    call = page.locator("#operations-products-list_products")
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()
    expect(call.locator(".live-responses-table .response-col_status")).to_contain_text(
        ["Code", "200"]
    )
    expect(call.locator(".request-url")).to_contain_text("/shop/api/v1/products")
