"""The past of collections on the audit page, in a browser."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.accounts import add_account
from tests.browser.conftest import CHROMIUM, Visit
from tests.browser.displays import DISPLAYS, check_display
from tests.browser.test_audit_page import (
    ATTACK,
    line,
    open_page,
    sign_in,
)
from tests.databases import make_settings
from tests.processes.servers import Server, wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium on this machine"),
]
PEN = {"sku": "PEN-001", "name": "Fountain pen", "price": "1.50"}
INK = {"sku": "INK-020", "name": ATTACK, "price": "7.00"}


@dataclass
class Times:
    """Local times as a form has them: before and after the changes."""

    before: str
    after: str


def next_time() -> str:
    """Return a time that is later than all changes so far, and has passed."""
    at = datetime.now().astimezone() + timedelta(milliseconds=1)
    wait_until(lambda: datetime.now().astimezone() > at + timedelta(milliseconds=1))
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds")


# Write the rows before Playwright's event loop starts.
@pytest.fixture(scope="module", autouse=True)
def times(address: str, server: Server) -> Times:
    add_account(make_settings(address), "audit:read", email="auditor@example.com")
    with server.client() as client:
        pen, ink = (
            client.post("/products", json=each).json()["id"] for each in (PEN, INK)
        )
        before = next_time()
        client.patch(f"/products/{pen}", json={"price": "2.00", "name": "Pencil"})
        client.patch(f"/products/{pen}", json={"price": "3.00"})
        client.delete(f"/products/{ink}")
        client.post("/products", json={**PEN, "sku": "CAP-300"})
        return Times(before, next_time())


def go(page: Page, place: str) -> None:
    page.evaluate("place => { location.hash = place; }", f"#/{place}")


def test_a_collection_is_shown_as_of_a_time(visit: Visit, times: Times) -> None:
    page = open_page(visit, f"#/past?entity=Product&at={times.before}")
    expect(page.get_by_role("main")).to_contain_text("2 in total, as of")
    expect(page.locator("summary")).to_have_count(2)
    line(page, "Product PEN-001 version 1").click()
    expect(page.get_by_text("Fountain pen")).to_be_visible()
    expect(line(page, "INK-020")).to_be_visible()
    page.get_by_role("searchbox", name="Search").fill("fountain")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("summary")).to_have_count(1)
    go(page, f"past?entity=Product&at={times.after}&q=fountain")
    expect(line(page, "CAP-300")).to_be_visible()
    expect(line(page, "PEN-001")).to_have_count(0)


def test_two_times_are_compared(visit: Visit, times: Times) -> None:
    page = open_page(visit, f"#/compare?start={times.before}&end={times.after}")
    expect(page.get_by_role("heading", name="User", exact=True)).to_have_count(0)
    page.get_by_label("Record type").select_option("Product")
    expect(page).to_have_url(re.compile("entity=Product"))
    changed = line(page, "PEN-001: name Fountain pen → Pencil, price 1.50 → 3.00")
    changed.click()
    expect(page.get_by_role("link", name="History of Product PEN-001")).to_be_visible()
    row = page.get_by_role("row", name="price")
    expect(row.get_by_role("cell")).to_have_text(["1.50", "3.00"])
    expect(line(page, "INK-020 was deleted")).to_contain_text("version 1 → none")
    expect(line(page, "CAP-300 was created")).to_contain_text("version none → 1")
    expect(page.get_by_role("heading", name="Product")).to_be_visible()


@pytest.mark.heavy
def test_a_time_that_is_missing_is_asked_for(visit: Visit) -> None:
    page = open_page(visit, "#/compare?start=x&end=y")
    expect(page.get_by_role("alert")).to_contain_text("Enter a date and a time")


@pytest.mark.heavy
def test_an_auditor_without_records_sees_what_is_missing(visit: Visit) -> None:
    page = visit.open("/audit#/past")
    sign_in(page, "auditor@example.com")
    expect(page.get_by_role("alert")).to_contain_text("needs permission to read")
    page.get_by_role("link", name="Compare").click()
    expect(page.locator("summary").first).to_be_visible()


@pytest.mark.sampled
@pytest.mark.parametrize("place", ["past?entity=Product", "deleted", "compare"])
def test_the_pages_fit_every_screen(visit: Visit, times: Times, place: str) -> None:
    page = open_page(visit, f"#/{place}")
    expect(page.locator("summary").first).to_be_visible()
    page.locator("summary").evaluate_all("all => all.forEach(each => each.click())")
    for display in DISPLAYS:
        check_display(page, display)


def test_a_deleted_record_is_restored_from_its_list(visit: Visit) -> None:
    page = open_page(visit, "#/deleted?entity=Product")
    deletion = line(page, "root@example.com deleted Product INK-020")
    deletion.click()
    expect(page.get_by_text(ATTACK)).to_be_visible()
    assert page.locator("main img").count() == 0
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.get_by_role("main")).to_contain_text("No deleted records")
    page.get_by_role("link", name="Changes").click()
    expect(line(page, "created Product INK-020 restore")).to_be_visible()
