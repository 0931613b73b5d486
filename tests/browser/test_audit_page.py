"""The audit page in a browser."""

import asyncio
from dataclasses import dataclass
from functools import partial

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from app.audit.models import AuditAccess
from app.core.db.ids import uuid7
from app.main import open_database
from tests.accounts import PASSWORD, add_account
from tests.browser.conftest import CHROMIUM, Visit
from tests.browser.displays import DISPLAYS, check_display
from tests.databases import make_settings
from tests.processes.servers import Server, wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium on this machine"),
]

ATTACK = '<img src="https://evil.example/x" onerror="document.title = 1">'
KEY = uuid7()
# As after the button Back, where the browser has kept the page (bfcache).
KEPT = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
RAISE = {"X-Request-ID": "the-raise"}


@dataclass
class Records:
    """Ids of the records on the page."""

    pen: str
    ink: str


async def record_access(address: str) -> None:
    row = AuditAccess(
        request_id=RAISE["X-Request-ID"],
        user_label="ada@example.com",
        ip="192.0.2.7",
        method="PATCH",
        path="/api/v1/products/1",
        status=200,
        duration_ms=3.2,
        bytes=412,
        user_agent=ATTACK,
        outcome="ok",
        replay_of="the-first",
        key_id=KEY,
        key_name="nightly import",
        exported_rows=7,
    )
    settings = make_settings(address)
    async with open_database(settings) as database, database.writing() as session:
        session.add(row)


# Write the rows before Playwright's event loop starts.
@pytest.fixture(scope="module", autouse=True)
def records(address: str, server: Server) -> Records:
    settings = make_settings(address)
    ada = add_account(
        settings, "products:create", "products:update", email="ada@example.com"
    )
    add_account(settings, "products:read", email="bob@example.com")
    add_account(settings, "audit:read", email="auditor@example.com")
    new = {"email": "new@example.com", "must_change_password": True}
    add_account(settings, "audit:read", **new)
    asyncio.run(record_access(address))
    with server.client() as client:
        client.headers.update(ada.header)
        pen = {"sku": "PEN-001", "name": "Fountain pen", "price": "1.50"}
        ink = {"sku": "INK-020", "name": ATTACK, "price": "7.00"}
        ids = [client.post("/products", json=each).json()["id"] for each in (pen, ink)]
        client.patch(f"/products/{ids[0]}", json={"price": "2.00"}, headers=RAISE)
        client.patch(f"/products/{ids[0]}", json={"stock": 9})
        client.patch(f"/products/{ids[1]}", json={"name": ATTACK * 2})
    return Records(*ids)


def sign_in(page: Page, email: str = "root@example.com", key: str = PASSWORD) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(key)
    page.get_by_role("button", name="Sign in").click()


def open_page(visit: Visit, place: str = "") -> Page:
    page = visit.open(f"/audit{place}")
    sign_in(page)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page


def expire(route: Route) -> None:
    """Send a request as if the time of its access token were over."""
    route.continue_(headers={**route.request.headers, "authorization": "Bearer x"})


def sessions(server: Server) -> set[str]:
    with server.client() as client:
        return {each["id"] for each in client.get("/auth/sessions").json()}


def line(page: Page, text: str) -> Locator:
    return page.locator("summary").filter(has_text=text)


def test_the_first_page_shows_who_changed_a_price(visit: Visit) -> None:
    page = open_page(visit)
    expected = "ada@example.com changed Product PEN-001: price 1.50 → 2.00"
    expect(line(page, expected)).to_be_visible()
    page.get_by_label("Field").fill("price")
    page.get_by_role("button", name="Show").click()
    others = page.locator("summary").filter(has_not_text=": price")
    expect(others).to_have_count(0)
    expect(line(page, expected)).to_be_visible()
    assert page.url.endswith("#/changes?field=price")


def test_a_change_shows_both_values_and_links_to_its_history(
    visit: Visit, records: Records
) -> None:
    page = open_page(visit)
    line(page, "price 1.50").click()
    row = page.get_by_role("row", name="price")
    expect(row.get_by_role("cell")).to_have_text(["1.50", "2.00"])
    page.get_by_role("link", name="All changes by ada@example.com").click()
    expect(page.get_by_role("link", name="Remove filter: actor")).to_be_visible()
    expect(page.locator("summary")).to_have_count(5)
    line(page, "price 1.50").click()
    page.get_by_role("link", name="History of Product PEN-001").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Product PEN-001")
    assert page.url.endswith(f"#/record/Product/{records.pen}")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Changes")


@pytest.mark.heavy
def test_the_page_of_a_request_shows_its_client_and_changes(
    visit: Visit,
) -> None:
    page = open_page(visit, "#/request/the-raise")
    # The row of the fixture; the application has recorded its own.
    card = page.locator(".card").filter(has_text="192.0.2.7")
    expect(card).to_have_count(1)
    expect(line(page, "price 1.50 → 2.00")).to_be_visible()
    expect(card).to_contain_text("Exported records7")
    repeated = card.get_by_role("link", name="the-first")
    expect(repeated).to_have_attribute("href", "#/request/the-first")
    card.get_by_role("link", name="nightly import", exact=True).click()
    expect(page.get_by_role("link", name="Remove filter: key")).to_be_visible()
    expect(page.locator("summary")).to_have_count(1)


def test_a_record_is_found_by_name_and_reverted(visit: Visit) -> None:
    page = open_page(visit, "#/records")
    page.get_by_role("searchbox").fill("pen-001")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Product PEN-001 Fountain pen").click()
    line(page, "created Product PEN-001").click()
    page.get_by_role("button", name="Revert to version 1").click()
    dialog = page.get_by_role("dialog", name="Revert Product PEN-001 to version 1?")
    row = dialog.get_by_role("row", name="price")
    expect(row.get_by_role("cell")).to_have_text(["2.00", "1.50"])
    page.keyboard.press("Escape")
    expect(line(page, "revert")).to_have_count(0)
    page.get_by_role("button", name="Revert to version 1").click()
    dialog.get_by_role("button", name="Revert").click()
    expected = "root@example.com changed Product PEN-001: "
    expect(line(page, "revert to version 1")).to_contain_text(expected)
    expect(page.locator("summary").first).to_contain_text("2.00 → 1.50")


@pytest.mark.heavy
def test_a_double_click_reverts_once(visit: Visit, server: Server) -> None:
    cup = {"sku": "CUP-1", "name": "Cup", "price": "1.00"}
    with server.client() as client:
        id = client.post("/products", json=cup).json()["id"]
        client.patch(f"/products/{id}", json={"price": "2.00"})
    page = open_page(visit, f"#/record/Product/{id}")
    sent: list[str] = []
    page.on("request", lambda it: sent.append(it.url) if "/revert" in it.url else None)
    line(page, "created Product CUP-1").click()
    page.get_by_role("button", name="Revert to version 1").dblclick()
    page.get_by_role("dialog").get_by_role("button", name="Revert").click()
    expect(line(page, "revert to version 1")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
    assert len(sent) == 2  # the preview, and the revert


@pytest.mark.heavy
def test_a_deleted_record_is_restored(
    visit: Visit, server: Server, records: Records
) -> None:
    with server.client() as client:
        assert client.delete(f"/products/{records.ink}").status_code == 204
    page = open_page(visit, f"#/record/Product/{records.ink}")
    line(page, "root@example.com deleted Product INK-020").click()
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(line(page, "created Product INK-020 restore")).to_be_visible()


@pytest.mark.heavy
def test_markup_in_values_is_shown_as_text(visit: Visit, records: Records) -> None:
    page = open_page(visit, f"#/record/Product/{records.ink}")
    expect(line(page, ATTACK[:30]).first).to_be_visible()
    for summary in page.locator("summary").all():
        summary.click()
    expect(page.get_by_role("cell", name=ATTACK).first).to_be_visible()
    page.evaluate("location.hash = '#/requests?request_id=the-raise'")
    expect(line(page, "PATCH")).to_have_count(2)
    for each in line(page, "PATCH").all():
        each.click()
    expect(page.get_by_text(ATTACK)).to_be_visible()
    expect(page).to_have_title("Requests · Audit")
    assert page.locator("main img").count() == 0


def test_secrets_are_hidden_but_their_change_is_shown(
    visit: Visit, server: Server
) -> None:
    person = {"email": "cy@example.com", "full_name": "Cy", "password": PASSWORD}
    with server.client() as client:
        id = client.post("/users", json=person).json()["id"]
        client.patch(f"/users/{id}", json={"password": f"{PASSWORD} !"})
    page = open_page(visit, "#/changes?entity=User")
    changed = line(page, "User cy@example.com: password hash hidden (changed)")
    changed.click()
    row = page.get_by_role("row", name="password hash")
    expect(row.get_by_role("cell")).to_have_text(["hidden", "hidden (changed)"])
    assert "hmac:" not in page.content()


@pytest.mark.heavy
def test_a_wrong_password_shows_an_error_message(visit: Visit) -> None:
    page = visit.open("/audit")
    sign_in(page, key="not the password")
    expect(page.get_by_role("alert")).to_contain_text("password is incorrect")
    visit.faults.clear()  # the browser reports every 401
    sign_in(page)
    expect(page.get_by_role("alert")).to_be_hidden()


@pytest.mark.heavy
def test_a_missing_permission_is_named(visit: Visit) -> None:
    page = visit.open("/audit")
    sign_in(page, "bob@example.com")
    expect(page.get_by_role("alert")).to_contain_text("Missing permission audit:read")
    visit.faults.clear()  # the browser reports every 403


@pytest.mark.heavy
def test_an_auditor_reads_histories_without_permission_to_read_records(
    visit: Visit, records: Records
) -> None:
    page = visit.open("/audit")
    sign_in(page, "auditor@example.com")
    line(page, "price 1.50").click()
    page.get_by_role("link", name="History of Product").click()
    expect(line(page, "created Product")).to_be_visible()
    assert page.url.endswith(f"#/record/Product/{records.pen}")
    expect(page.get_by_role("alert")).to_be_hidden()
    page.get_by_role("link", name="Records").click()
    expect(page.get_by_role("main")).to_contain_text("needs permission to read")


@pytest.mark.heavy
def test_a_password_that_must_change_is_changed_on_the_page(visit: Visit) -> None:
    page = visit.open("/audit")
    sign_in(page, "new@example.com")
    expect(page.get_by_role("heading", level=1)).to_have_text("New password")
    for again in ("a different one", f"{PASSWORD} !"):
        page.get_by_role("textbox", name="New password", exact=True).fill(
            f"{PASSWORD} !"
        )
        page.get_by_role("textbox", name="New password, again").fill(again)
        page.get_by_role("button", name="Change password").click()
        if again != f"{PASSWORD} !":
            expect(page.get_by_role("alert")).to_contain_text("differ")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    expect(line(page, "PEN-001").first).to_be_visible()
    page.reload()
    sign_in(page, "new@example.com", f"{PASSWORD} !")
    expect(page.get_by_role("heading", level=1)).to_have_text("Changes")


@pytest.mark.heavy
def test_a_failed_request_can_be_retried(visit: Visit) -> None:
    page = open_page(visit)
    problem = {"detail": "The database does not answer"}
    page.route("**/accesses*", lambda route: route.fulfill(status=503, json=problem))
    page.get_by_role("link", name="Requests").click()
    expect(page.get_by_role("alert")).to_contain_text(problem["detail"])
    visit.faults.clear()  # the browser reports every 503
    page.unroute("**/accesses*")
    page.get_by_role("button", name="Try again").click()
    expect(line(page, "GET").first).to_be_visible()


@pytest.mark.heavy
def test_a_slow_view_shows_that_it_is_loading(visit: Visit) -> None:
    page = open_page(visit, "#/records")
    shown = "getComputedStyle(document.getElementById('heading'), '::after').opacity"
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    def has(count: int) -> bool:
        page.wait_for_timeout(20)  # in which requests arrive
        return len(held) == count

    page.route("**/audit/accesses*", hold)
    page.route("**/audit/changes?*", hold)
    page.route("**/audit/changes", hold)
    for number, name in enumerate(("Requests", "Changes"), 1):
        page.get_by_role("link", name=name, exact=True).click()
        wait_until(partial(has, number))
    with page.expect_response("**/audit/accesses*"):
        held[0].continue_()  # of the view that was left
    wait_until(lambda: bool(page.evaluate(shown) == "1"))
    expect(page.locator("body")).to_have_class("ledger audit busy")
    held[1].continue_()
    expect(line(page, "PEN-001").first).to_be_visible()
    expect(page.locator("body")).to_have_class("ledger audit")


@pytest.mark.heavy
def test_an_expired_token_is_refreshed_once(visit: Visit) -> None:
    page = visit.page
    renewals: list[str] = []
    page.on("request", lambda sent: renewals.append(sent.url))
    page.clock.install()
    open_page(visit)
    expect(line(page, "PEN-001").first).to_be_visible()
    page.clock.fast_forward("20:00")
    page.get_by_role("link", name="Records").click()
    page.get_by_role("searchbox").fill("pen")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Product PEN-001")).to_be_visible()
    assert sum(url.endswith("/auth/refresh") for url in renewals) == 1


def test_a_revoked_session_asks_to_sign_in_and_continues(
    visit: Visit, server: Server
) -> None:
    page = open_page(visit, "#/requests")
    expect(line(page, "GET").first).to_be_visible()
    with server.client() as client:
        for each in client.get("/auth/sessions").json():
            if not each["current"]:
                client.delete(f"/auth/sessions/{each['id']}")
    page.get_by_role("link", name="Changes").click()
    expect(page.get_by_role("alert")).to_contain_text("session has ended")
    visit.faults.clear()  # the browser reports every 401
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Changes")
    expect(line(page, "PEN-001").first).to_be_visible()


@pytest.mark.heavy
def test_nothing_is_stored_and_leaving_ends_the_session(
    visit: Visit, server: Server
) -> None:
    others = sessions(server)  # which the pages of other tests may still end
    page = open_page(visit)
    expect(line(page, "PEN-001").first).to_be_visible()
    assert page.evaluate("document.cookie + localStorage.length") == "0"
    assert page.evaluate("sessionStorage.length") == 0
    (own,) = sessions(server) - others
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    wait_until(lambda: own not in sessions(server))


@pytest.mark.heavy
@pytest.mark.parametrize("is_button", [True, False])
def test_signing_out_with_an_expired_token_ends_the_session(
    visit: Visit, server: Server, is_button: bool
) -> None:
    others = sessions(server)
    page = open_page(visit)
    (own,) = sessions(server) - others
    page.route("**/api/v1/**", expire)
    if is_button:
        page.get_by_role("button", name="Sign out").click()
    else:
        page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    wait_until(lambda: own not in sessions(server))
    visit.faults.clear()  # the browser reports every 401


@pytest.mark.heavy
def test_a_page_that_the_browser_has_kept_is_loaded_again(visit: Visit) -> None:
    page = open_page(visit)
    page.evaluate(KEPT)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


@pytest.mark.heavy
def test_an_unknown_fragment_shows_the_changes(visit: Visit) -> None:
    page = open_page(visit, "#/%E0/?entity=%")
    expect(page.get_by_role("heading", level=1)).to_have_text("Changes")


@pytest.mark.sampled
@pytest.mark.parametrize("place", ["changes", "requests", "records?q=e"])
def test_the_audit_page_fits_every_screen(visit: Visit, place: str) -> None:
    page = open_page(visit, f"#/{place}")
    expect(page.locator("summary, .found a").first).to_be_visible()
    page.locator("summary").evaluate_all("all => all.forEach(each => each.click())")
    for display in DISPLAYS:
        check_display(page, display)


@pytest.mark.heavy
def test_a_long_history_is_shown_page_by_page(visit: Visit, server: Server) -> None:
    cap = {"sku": "CAP-1", "name": "Cap", "price": "1.00"}
    with server.client() as client:
        id = client.post("/products", json=cap).json()["id"]
        for stock in range(1, 61):
            client.patch(f"/products/{id}", json={"stock": stock})
    page = open_page(visit, f"#/record/Product/{id}")
    expect(page.locator("summary")).to_have_count(50)
    page.get_by_role("button", name="Show older").dblclick()
    expect(page.locator("summary")).to_have_count(61)
    expect(page.locator("summary").last).to_contain_text("created Product CAP-1")
    expect(page.get_by_role("button", name="Show older")).to_be_hidden()
