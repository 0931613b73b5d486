"""The audit page by keyboard: where the focus is, and what is typed."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import CHROMIUM, Visit
from tests.browser.test_audit_feed import make_pen, open_feed, rename
from tests.browser.test_audit_page import line, open_page, sign_in
from tests.processes.servers import Server, wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium on this machine"),
]
HISTORY = "**/history*"


def check_heading_is_focused(page: Page, text: str) -> None:
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(text)
    expect(heading).to_be_focused()


def make_history(server: Server, sku: str) -> str:
    """Return the id of a product whose history has two pages."""
    id = make_pen(server, sku)
    items = [{"op": "update", "id": id, "data": {"stock": n}} for n in range(1, 60)]
    with server.client() as client:
        client.post("/products/bulk", json={"items": items}).raise_for_status()
    return id


@pytest.mark.parametrize(
    ("view", "label", "typed", "expected"),
    [
        ("changes", "From", "11152026", "from=2026-11-15"),
        ("past", "As of", "11152026\t0102p", "at=2026-11-15T13%3A02"),
    ],
)
def test_a_date_is_typed_digit_by_digit(
    visit: Visit, view: str, label: str, typed: str, expected: str
) -> None:
    page = open_page(visit, f"#/{view}")
    field = page.get_by_label(label)
    field.click(position={"x": 16, "y": 20})
    for key in typed:
        page.keyboard.press("Tab" if key == "\t" else key)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: expected in url)
    expect(field).to_be_focused()


@pytest.mark.heavy
def test_the_same_filter_is_applied_again(visit: Visit) -> None:
    page = open_page(visit, "#/requests")
    expect(line(page, "GET").first).to_be_visible()
    with page.expect_response("**/audit/accesses"):
        page.get_by_role("button", name="Show", exact=True).click()


@pytest.mark.heavy
def test_a_new_change_leaves_the_focus_on_its_button(
    visit: Visit, server: Server
) -> None:
    page = open_feed(visit)
    check_heading_is_focused(page, "Changes")
    id = make_pen(server, "PEN-FOCUS")
    page.get_by_role("button", name="Show 1 new change").focus()
    rename(server, id, "Quill")
    expect(page.get_by_role("button", name="Show 2 new changes")).to_be_focused()
    page.keyboard.press("Enter")
    expect(line(page, "name Pen → Quill")).to_be_visible()
    check_heading_is_focused(page, "Changes")


@pytest.mark.heavy
def test_a_slow_list_leaves_the_focus_where_it_is(visit: Visit) -> None:
    page = open_page(visit, "#/records")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    def has_one() -> bool:
        page.wait_for_timeout(20)  # in which requests arrive
        return len(held) == 1

    page.route("**/audit/changes", hold)
    page.get_by_role("link", name="Changes", exact=True).click()
    wait_until(has_one)
    field = page.get_by_label("Field")
    field.press_sequentially("pri")
    held[0].continue_()
    expect(page.locator("body")).to_have_class("ledger audit")
    field.press_sequentially("ce")
    expect(field).to_have_value("price")
    expect(field).to_be_focused()


@pytest.mark.heavy
def test_the_next_page_gets_the_focus(visit: Visit, server: Server) -> None:
    page = open_page(visit, f"#/record/Product/{make_history(server, 'PEN-LONG')}")
    page.get_by_role("button", name="Show older").press("Enter")
    expect(page.locator("summary").nth(50)).to_be_focused()


@pytest.mark.heavy
def test_an_error_is_visible_at_the_end_of_a_long_list(
    visit: Visit, server: Server
) -> None:
    id = make_history(server, "PEN-ERROR")
    page = open_page(visit, f"#/record/Product/{id}")
    page.route(HISTORY, lambda route: route.abort())
    page.get_by_role("button", name="Show older").click()
    expect(page.get_by_role("alert")).to_be_in_viewport(ratio=1)
    page.unroute(HISTORY)
    page.get_by_role("button", name="Show older").click()
    line(page, "created Product").click()
    page.get_by_role("button", name="Revert to version 1").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    rename(server, id, "Quill")
    page.get_by_role("dialog").get_by_role("button", name="Revert").click()
    expect(page.get_by_role("alert")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("alert")).to_contain_text("has changed since it was read")
    page.get_by_role("button", name="Try again").click()
    expect(line(page, "name Pen → Quill")).to_be_visible()
    visit.faults.clear()  # the browser reports every 412


@pytest.mark.heavy
def test_the_link_to_the_content_keeps_the_view(visit: Visit) -> None:
    page = visit.open("/audit#/records?q=pen")
    skip = page.get_by_role("link", name="Skip to the content")
    skip.press("Enter")
    check_heading_is_focused(page, "Audit log")
    page = open_page(visit, "#/records?q=pen")
    skip.press("Enter")
    check_heading_is_focused(page, "Records")
    assert page.url.endswith("#/records?q=pen")


@pytest.mark.heavy
def test_the_button_back_closes_a_question(visit: Visit, server: Server) -> None:
    id = make_pen(server, "PEN-BACK")
    rename(server, id, "Quill")
    page = open_page(visit)
    line(page, "created Product PEN-BACK").click()
    page.get_by_role("link", name="History of Product PEN-BACK").click()
    line(page, "created Product PEN-BACK").click()
    page.get_by_role("button", name="Revert to version 1").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Changes")
    expect(page.get_by_role("dialog")).to_be_hidden()


def end_other_sessions(server: Server) -> None:
    with server.client() as client:
        for each in client.get("/auth/sessions").json():
            if not each["current"]:
                client.delete(f"/auth/sessions/{each['id']}")


@pytest.mark.heavy
def test_a_request_that_hangs_does_not_prevent_the_next_sign_in(
    visit: Visit, server: Server
) -> None:
    page = open_page(visit, "#/records")
    page.route("**/audit/accesses", lambda route: None)
    with page.expect_request("**/audit/accesses"):
        page.get_by_role("link", name="Requests").click()
    end_other_sessions(server)
    page.get_by_role("link", name="Changes", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("session has ended")
    sign_in(page)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    visit.faults.clear()  # the browser reports every 401


@pytest.mark.heavy
def test_a_session_that_ends_moves_the_focus_to_the_form(
    visit: Visit, server: Server
) -> None:
    page = open_page(visit, "#/requests")
    expect(line(page, "GET").first).to_be_visible()
    end_other_sessions(server)
    page.get_by_role("link", name="Records").click()
    page.get_by_label("Name, SKU").fill("pen")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="E-mail address")).to_be_focused()
    visit.faults.clear()  # the browser reports every 401
