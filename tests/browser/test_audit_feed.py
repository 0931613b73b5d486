"""Live changes on the audit page in a browser."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import CHROMIUM, Visit
from tests.browser.test_audit_page import line, open_page
from tests.processes.servers import Server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium on this machine"),
]
STREAM = "**/audit/changes/stream*"


def make_pen(server: Server, sku: str) -> str:
    with server.client() as client:
        body = {"sku": sku, "name": "Pen", "price": "1.50"}
        id: str = client.post("/products", json=body).raise_for_status().json()["id"]
        return id


def rename(server: Server, id: str, name: str) -> None:
    with server.client() as client:
        client.patch(f"/products/{id}", json={"name": name}).raise_for_status()


def open_feed(visit: Visit) -> Page:
    """Open the changes of products; return when the feed follows their list."""
    with visit.page.expect_request(STREAM):
        return open_page(visit, "#/changes?entity=Product")


def new_changes(page: Page, text: str) -> None:
    page.get_by_role("button", name=text).click()


def end_at_once(route: Route) -> None:
    route.fulfill(status=200, content_type="text/event-stream", body="")


def test_new_changes_are_announced_and_shown(visit: Visit, server: Server) -> None:
    page = open_feed(visit)
    id = make_pen(server, "PEN-LIVE")
    expect(page.get_by_role("button", name="Show 1 new change")).to_be_visible()
    rename(server, id, "Quill")
    expect(line(page, "name Pen → Quill")).to_have_count(0)
    new_changes(page, "Show 2 new changes")
    expect(line(page, "name Pen → Quill")).to_be_visible()
    expect(page.get_by_role("button", name="new change")).to_have_count(0)
    # The stream continues where the new list ends.
    rename(server, id, "Biro")
    new_changes(page, "Show 1 new change")
    expect(line(page, "name Quill → Biro")).to_be_visible()


@pytest.mark.heavy
def test_other_changes_are_not_announced(visit: Visit, server: Server) -> None:
    id = make_pen(server, "PEN-FILTER")
    page = open_page(visit, f"#/changes?entity=Product&entity_id={id}&action=UPDATE")
    expect(page.get_by_text("No matching changes.")).to_be_visible()
    make_pen(server, "PEN-OTHER")
    rename(server, id, "Quill")
    new_changes(page, "Show 1 new change")
    expect(line(page, "name Pen → Quill")).to_be_visible()


@pytest.mark.heavy
def test_the_page_works_without_the_stream(visit: Visit, server: Server) -> None:
    id = make_pen(server, "PEN-OFFLINE")
    visit.page.route(STREAM, end_at_once)
    with visit.page.expect_response(STREAM):
        page = open_page(visit, f"#/changes?entity=Product&entity_id={id}")
    expect(line(page, "PEN-OFFLINE")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
