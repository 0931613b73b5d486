"""The page on which a user sets a password with a one-time link."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.accounts import PASSWORD, Account, add_account
from tests.browser.conftest import CHROMIUM, Visit
from tests.browser.displays import DISPLAYS, check_display
from tests.databases import make_settings
from tests.processes.servers import Server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium on this machine"),
]

CHOSEN = "three slates under a copper roof"


# Written before Playwright's event loop starts.
@pytest.fixture(scope="module", autouse=True)
def user(address: str, server: Server) -> Account:
    return add_account(make_settings(address), email="ada@example.com")


@pytest.fixture
def link(server: Server, user: Account) -> str:
    with server.client() as client:
        made = client.post(f"/users/{user.id}/password-link")
    url: str = made.json()["url"]
    return url.removeprefix(server.base_url)


def fill(page: Page, chosen: str, repeated: str) -> None:
    page.get_by_label("New password", exact=True).fill(chosen)
    page.get_by_label("New password, again").fill(repeated)
    page.get_by_role("button", name="Set password").click()


def login(server: Server, password: str) -> int:
    form = {"username": "ada@example.com", "password": password}
    with server.client() as client:
        status: int = client.post("/auth/login", data=form).status_code
    return status


def test_a_user_sets_a_password(visit: Visit, server: Server, link: str) -> None:
    page = visit.open(link)
    expect(page.get_by_role("button", name="Set password")).to_be_visible()
    assert page.url == f"{visit.origin}/password"  # the token is not in the history
    fill(page, CHOSEN, PASSWORD)
    expect(page.get_by_role("alert")).to_have_text("The two passwords differ.")
    fill(page, "short", "short")
    expect(page.get_by_role("alert")).to_contain_text("12 to 128 characters")
    field = page.get_by_label("New password", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("12 to 128 characters"))
    visit.faults.clear()  # the browser reports every 422
    fill(page, CHOSEN, CHOSEN)
    expect(page.get_by_role("status")).to_contain_text("Your password is set")
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.get_by_role("button", name="Set password")).to_be_hidden()
    assert login(server, CHOSEN) == 200


@pytest.mark.heavy
def test_a_used_link_is_refused(visit: Visit, link: str) -> None:
    page = visit.open(link)
    fill(page, CHOSEN, CHOSEN)
    expect(page.get_by_role("status")).to_be_visible()
    page.goto("about:blank")
    page = visit.open(link)
    fill(page, PASSWORD, PASSWORD)
    expect(page.get_by_role("alert")).to_contain_text("was used, or has expired")
    visit.faults.clear()  # the browser reports every 400


@pytest.mark.heavy
def test_the_page_needs_a_link(visit: Visit, link: str) -> None:
    page = visit.open("/password")
    expect(page.get_by_text("needs the link")).to_be_visible()
    expect(page.get_by_role("button", name="Set password")).to_be_hidden()
    visit.open(link)  # in the same tab, which changes only the fragment
    expect(page.get_by_role("button", name="Set password")).to_be_visible()


@pytest.mark.heavy
def test_the_page_fits_every_screen(visit: Visit, link: str) -> None:
    page = visit.open(link)
    expect(page.get_by_role("button", name="Set password")).to_be_visible()
    for display in DISPLAYS:
        check_display(page, display)
