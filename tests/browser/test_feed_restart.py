"""The feed of the audit page over a restart of the server, in a browser."""

import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CHROMIUM, Visit
from tests.browser.test_audit_feed import STREAM, make_pen
from tests.browser.test_audit_page import open_page
from tests.processes.servers import Server, serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium on this machine"),
]
PAUSE = 20_000  # milliseconds, longer than that before another attempt


@pytest.fixture(scope="module")
def server(address: str, folder: Path) -> Iterator[Server]:
    with serving(address, folder) as server:
        yield server


def test_the_feed_resumes_after_a_restart(
    visit: Visit, server: Server, address: str, folder: Path
) -> None:
    page = visit.page
    page.clock.install()
    with page.expect_response(STREAM):
        open_page(visit, "#/changes?entity=Product")
    assert server.stop() == 0
    with page.expect_event("requestfailed"):  # while there is no server
        page.clock.fast_forward(PAUSE)
    # Not forked, as Playwright's event loop is running.
    command = sys.executable, "-m", "app"
    port = urlsplit(server.base_url).port
    with serving(address, folder, command, port) as restarted:
        make_pen(restarted, "PEN-RESTART")
        with page.expect_response(STREAM):
            page.clock.fast_forward(PAUSE)
        expect(page.get_by_role("button", name="Show 1 new change")).to_be_visible()
        expect(page.get_by_role("alert")).to_be_hidden()
        visit.open("/livez")  # and so leave the stream, which is not interrupted then
        visit.faults.clear()  # the browser reports every failed request
