"""The feed of the audit page through interruptions, in a browser."""

import pytest
from playwright.sync_api import Page, Request, expect

from tests.accounts import Account, add_account
from tests.browser.conftest import CHROMIUM, Visit
from tests.browser.test_audit_feed import STREAM, make_pen, rename
from tests.browser.test_audit_page import expire, open_page, sign_in
from tests.databases import make_settings
from tests.processes.servers import Server, wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium on this machine"),
]
PAUSE = 20_000  # milliseconds, longer than that before another attempt
HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


class Streams:
    """The requests of the feed: those that were sent, and those that are open."""

    def __init__(self, page: Page) -> None:
        self.sent: list[Request] = []
        self.open: list[Request] = []
        self.page = page
        page.on("request", self.begin)
        page.on("requestfailed", self.end)
        page.on("requestfinished", self.end)

    def begin(self, request: Request) -> None:
        if "/audit/changes/stream" in request.url:
            self.sent.append(request)
            self.open.append(request)

    def end(self, request: Request) -> None:
        if request in self.open:
            self.open.remove(request)

    def wait_for(self, count: int) -> None:
        wait_until(lambda: self.count() == count)

    def count(self) -> int:
        self.page.wait_for_timeout(20)  # in which events arrive
        return len(self.open)


@pytest.fixture(scope="module", autouse=True)
def auditor(address: str, server: Server) -> Account:
    return add_account(make_settings(address), "audit:read", email="aud@example.com")


@pytest.fixture
def streams(visit: Visit) -> Streams:
    visit.page.clock.install()
    return Streams(visit.page)


def test_a_hidden_tab_closes_its_stream_and_resumes(
    visit: Visit, server: Server, streams: Streams
) -> None:
    page = open_page(visit, "#/changes?entity=Product")
    streams.wait_for(1)
    page.evaluate(HIDE, True)
    streams.wait_for(0)
    page.clock.fast_forward(PAUSE)
    rename(server, make_pen(server, "PEN-HIDDEN"), "Quill")
    assert len(streams.sent) == 1
    page.evaluate(HIDE, False)
    expect(page.get_by_role("button", name="Show 2 new changes")).to_be_visible()
    assert streams.sent[1].headers["last-event-id"]


@pytest.mark.heavy
def test_an_expired_token_is_refreshed_and_the_feed_resumes(
    visit: Visit, server: Server, streams: Streams
) -> None:
    page = open_page(visit, "#/changes?entity=Product")
    streams.wait_for(1)
    page.route(STREAM, expire, times=1)
    page.evaluate(HIDE, True)
    streams.wait_for(0)
    make_pen(server, "PEN-EXPIRED")
    page.evaluate(HIDE, False)
    with page.expect_response("**/auth/refresh"):
        page.clock.fast_forward(PAUSE)
    expect(page.get_by_role("button", name="Show 1 new change")).to_be_visible()
    visit.faults.clear()  # the browser reports every 401


@pytest.mark.heavy
def test_a_revoked_permission_ends_the_feed_with_a_message(
    visit: Visit, server: Server, streams: Streams, auditor: Account
) -> None:
    page = visit.open("/audit#/changes")
    sign_in(page, "aud@example.com")
    streams.wait_for(1)
    with server.client() as client:
        client.patch(f"/users/{auditor.id}", json={"role_ids": []}).raise_for_status()
    streams.wait_for(0)
    page.clock.fast_forward(PAUSE)
    expect(page.get_by_role("alert")).to_contain_text("Missing permission audit:read")
    visit.faults.clear()  # the browser reports every 403


@pytest.mark.heavy
def test_a_revoked_session_ends_the_feed_with_the_form(
    visit: Visit, server: Server, streams: Streams
) -> None:
    page = open_page(visit, "#/changes")
    streams.wait_for(1)
    with server.client() as client:
        for each in client.get("/auth/sessions").json():
            if not each["current"]:
                client.delete(f"/auth/sessions/{each['id']}")
    streams.wait_for(0)
    page.clock.fast_forward(PAUSE)
    expect(page.get_by_role("alert")).to_contain_text("session has ended")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    visit.faults.clear()  # the browser reports every 401


@pytest.mark.heavy
def test_a_view_that_is_left_closes_its_stream(visit: Visit, streams: Streams) -> None:
    """Over HTTP/1.1, six open ones would let every other request wait."""
    page = open_page(visit, "#/changes")
    for name in ("Product", "User", "Task", "Customer", "Role", "Product", "User"):
        with page.expect_response(STREAM):
            page.get_by_label("Record type").select_option(name)
        streams.wait_for(1)
    page.get_by_role("link", name="Records").click()
    expect(page.get_by_role("searchbox")).to_be_visible()
    streams.wait_for(0)
