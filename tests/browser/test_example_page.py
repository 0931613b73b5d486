"""The example of a single-page application, in a browser, from an origin of its own."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    Request,
    Response,
    Route,
    expect,
)

from tests.accounts import PASSWORD
from tests.browser.test_feed_interruptions import HIDE, Streams
from tests.databases import ROOT
from tests.processes.servers import TIMEOUT, Server, serving, wait_until

SOURCE = ROOT / "docs/examples/spa"
API = "http://127.0.0.1:8000"  # in the files of the example

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def website(folder: Path) -> Iterator[ThreadingHTTPServer]:
    """Serve a copy of the example, on a port of its own."""
    handler = partial(Quiet, directory=str(folder / "docs/examples/spa"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as website:
        threading.Thread(target=website.serve_forever).start()
        yield website
        website.shutdown()


@pytest.fixture(scope="module")
def origin(website: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{website.server_port}"


@pytest.fixture(scope="module")
def server(address: str, folder: Path, origin: str) -> Iterator[Server]:
    with serving(
        address, folder, ALLOWED_HOSTS="127.0.0.1", CORS_ORIGINS=origin
    ) as server:
        server.wait_for("/readyz")
        yield server


@pytest.fixture(scope="module")
def example(folder: Path, server: Server) -> Path:
    """Install and type-check the example, as its README says."""
    copy = folder / "docs/examples/spa"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copy(ROOT / "docs/openapi.json", folder / "docs")
    for step in (("npm", "install", "--silent"), ("npm", "run", "check")):
        done = subprocess.run(step, cwd=copy, capture_output=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
    for name in ("config.js", "index.html"):
        text = (copy / name).read_text(encoding="utf-8")
        assert API in text
        (copy / name).write_text(text.replace(API, server.base_url), encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def api(server: Server) -> Iterator[httpx2.Client]:
    """Return the client of a colleague."""
    with server.client() as client:
        yield client


@pytest.fixture
def product(api: httpx2.Client, request: pytest.FixtureRequest) -> Any:
    sku = f"SPA-{abs(hash(request.node.name)) % 10**9}"
    body = {"sku": sku, "name": "Pen", "price": "1.50", "description": "Black"}
    return api.post("products", json=body).raise_for_status().json()


@pytest.fixture
def context(browser: Browser, example: Path) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def faults(context: BrowserContext) -> Iterator[list[str]]:
    """Collect uncaught errors, such as a blocked request; there must be none."""
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    yield faults
    assert faults == []


@pytest.fixture
def page(context: BrowserContext, origin: str, faults: list[str]) -> Page:
    page = context.new_page()
    page.goto(origin)
    sign_in(page)
    expect(page.locator("#total")).not_to_be_empty()
    return page


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill("root@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def row_of(page: Page, product: Any) -> Locator:
    return page.get_by_role("row").filter(has_text=product["sku"])


def open_editor(page: Page, product: Any) -> None:
    row_of(page, product).get_by_role("button", name="Edit").click()
    expect(page.get_by_role("heading", name=product["sku"])).to_be_visible()


def field(page: Page, name: str) -> Locator:
    """Return a field of the dialog; the options of a list have the same names."""
    return page.get_by_role("textbox", name=name)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()


def test_a_wrong_password_is_rejected(
    context: BrowserContext, origin: str, faults: list[str]
) -> None:
    page = context.new_page()
    page.goto(origin)
    sign_in(page, "not the password")
    expect(page.get_by_role("status")).not_to_be_empty()
    expect(page.get_by_label("Password")).to_be_visible()


def test_products_are_listed_and_filtered(product: Any, page: Page) -> None:
    page.get_by_label("Search").fill(product["sku"])
    expect(page.locator("#total")).to_have_text("1 products")
    page.get_by_label("Status").select_option("inactive")
    expect(page.locator("#total")).to_have_text("0 products")


def test_a_change_is_saved(product: Any, page: Page, api: httpx2.Client) -> None:
    open_editor(page, product)
    field(page, "Price").fill("2.75")
    save(page)
    expect(page.locator("#editor")).to_be_hidden()
    assert api.get(f"products/{product['id']}").json()["price"] == "2.75"


def test_a_colleague_s_change_appears(
    product: Any, page: Page, api: httpx2.Client
) -> None:
    with page.expect_response(STREAM) as opened:
        page.reload()
    assert opened.value.status == 200
    expect(row_of(page, product)).not_to_have_class("changed")
    api.patch(f"products/{product['id']}", json={"price": "7.25"}).raise_for_status()
    expect(row_of(page, product)).to_contain_text("7.25")
    expect(row_of(page, product)).to_have_class("changed")


def test_a_colleague_s_change_is_merged(
    product: Any, page: Page, api: httpx2.Client
) -> None:
    open_editor(page, product)
    theirs = {"name": "Ballpoint", "price": "9.00"}
    api.patch(f"products/{product['id']}", json=theirs).raise_for_status()
    field(page, "Name").fill("Fountain pen")
    field(page, "Description").fill("Blue")
    save(page)
    page.get_by_label("mine: Fountain pen").check()
    expect(field(page, "Price")).to_have_value("9.00")
    save(page)
    expect(page.locator("#editor")).to_be_hidden()
    now = api.get(f"products/{product['id']}").json()
    found = now["name"], now["price"], now["description"]
    assert found == ("Fountain pen", "9.00", "Blue")


# As if the time of the access token were over.
EXPIRE = """async () => {
    const opening = indexedDB.open("session");
    await new Promise((done) => { opening.onsuccess = done; });
    const transaction = opening.result.transaction("tokens", "readwrite");
    const store = transaction.objectStore("tokens");
    const held = store.get("pair");
    await new Promise((done) => { held.onsuccess = done; });
    store.put({ ...held.result, access_token: "expired" }, "pair");
    await new Promise((done) => { transaction.oncomplete = done; });
    opening.result.close();
}"""
LIST = "/api/v1/products"
STREAM = "**/changes/stream?*"
MOMENT = 200  # milliseconds, in which the page lists once at most
HELD = "import('./session.js').then((module) => module.heldTokens())"
LIST_AGAIN = """() => {
    document.querySelector("#total").textContent = "";
    document.querySelector("#filters").dispatchEvent(new Event("input"));
}"""


def is_refused(response: Response) -> bool:
    return "/products" in response.url and response.status == 401


def test_two_tabs_refresh_once(page: Page, context: BrowserContext) -> None:
    tabs = [page, context.new_page()]
    tabs[1].goto(page.url)
    for tab in tabs:
        expect(tab.locator("#total")).not_to_be_empty()
    # No refresh ends before both tabs need one.
    refreshes: list[Route] = []

    def hold(route: Route) -> None:
        refreshes.append(route)

    context.route("**/auth/refresh", hold)
    for _ in range(10):  # a tab that read old tokens did so in half of the rounds
        page.evaluate(EXPIRE)
        with tabs[0].expect_response(is_refused), tabs[1].expect_response(is_refused):
            for tab in tabs:
                tab.evaluate(LIST_AGAIN)
        while not refreshes:
            page.wait_for_timeout(20)
        refreshes.pop().continue_()
        for tab in tabs:
            expect(tab.locator("#total")).to_contain_text("products")
            expect(tab.get_by_label("Password")).to_be_hidden()
        assert refreshes == []


def test_a_failed_request_is_shown(
    context: BrowserContext, page: Page, faults: list[str]
) -> None:
    context.route("**/products?*", lambda route: route.abort())
    page.get_by_label("Search").fill("pen")
    expect(page.get_by_role("status")).to_have_text("That failed. Try again later.")
    faults.clear()


def test_the_answer_of_a_proxy_is_shown(context: BrowserContext, page: Page) -> None:
    cors = {"access-control-allow-origin": "*"}
    page.route(
        "**/products?*", lambda it: it.fulfill(status=502, body="<p>", headers=cors)
    )
    page.get_by_label("Search").fill("pen")
    expect(page.get_by_role("status")).to_have_text(
        "The server answered 502. Try again later"
    )


def test_the_focus_stays_in_a_list_that_changes(
    product: Any, page: Page, api: httpx2.Client
) -> None:
    button = row_of(page, product).get_by_role("button", name="Edit")
    button.focus()
    path = f"products/{product['id']}"
    api.patch(path, json={"price": "6.25"}).raise_for_status()
    expect(row_of(page, product)).to_contain_text("6.25")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    api.patch(path, json={"stock": 7}).raise_for_status()
    expect(row_of(page, product).locator("td").nth(3)).to_have_text("7")
    field(page, "Name").press("Escape")
    expect(button).to_be_focused()


def test_a_slow_product_does_not_replace_the_edited_one(
    product: Any, page: Page, api: httpx2.Client
) -> None:
    body = {"sku": f"{product['sku']}-B", "name": "Ink", "price": "1.50"}
    ink = api.post("products", json=body).raise_for_status().json()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(f"**/products/{product['id']}", hold)
    page.get_by_label("Search").fill(product["sku"])
    expect(page.locator("#total")).to_have_text("2 products")
    for name in ("Pen", "Ink"):
        page.get_by_role("row").filter(has_text=name).get_by_role("button").click()
    expect(page.get_by_role("heading", name=ink["sku"])).to_be_visible()
    field(page, "Name").fill("Blue ink")
    with page.expect_response(f"**/products/{product['id']}"):
        held[0].continue_()
    page.wait_for_timeout(200)  # in which the response is read
    expect(page.get_by_role("heading", name=ink["sku"])).to_be_visible()
    expect(field(page, "Name")).to_have_value("Blue ink")


def test_the_page_obeys_its_own_policy(
    context: BrowserContext, origin: str, faults: list[str]
) -> None:
    page = context.new_page()
    blocked: list[str] = []
    page.on("console", lambda it: blocked.append(it.text))
    page.goto(origin)
    sign_in(page)
    expect(page.get_by_label("Search")).to_be_focused()
    assert not [text for text in blocked if "Content Security Policy" in text]


@pytest.fixture
def other(page: Page, context: BrowserContext) -> Page:
    """Return a second tab of the session."""
    other = context.new_page()
    other.goto(page.url)
    expect(other.locator("#total")).not_to_be_empty()
    return other


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()


def is_valid(server: Server, token: str) -> bool:
    header = {"authorization": f"Bearer {token}"}
    url = f"{server.base_url}/api/v1/auth/me"
    answer = httpx2.get(url, headers=header, timeout=TIMEOUT)
    return bool(answer.status_code == 200)


@pytest.mark.parametrize("is_expired", [False, True])
def test_signing_out_ends_the_session_in_all_tabs(
    page: Page, other: Page, server: Server, is_expired: bool
) -> None:
    token = page.evaluate(HELD)["access_token"]
    assert is_valid(server, token)
    if is_expired:
        page.evaluate(EXPIRE)
    sign_out(page)
    for tab in (page, other):
        expect(tab.get_by_label("Password")).to_be_visible()
    assert not is_valid(server, token)


def test_a_tab_signs_out_while_another_one_refreshes(
    page: Page, other: Page, context: BrowserContext
) -> None:
    refreshes: list[Route] = []

    def hold(route: Route) -> None:
        refreshes.append(route)

    context.route("**/auth/refresh", hold)
    page.evaluate(EXPIRE)
    with page.expect_response(is_refused):
        page.evaluate(LIST_AGAIN)
    page.wait_for_function("navigator.locks.query().then((all) => all.held.length)")
    with other.expect_response("**/auth/revoke"):
        sign_out(other)
    while not refreshes:
        page.wait_for_timeout(20)
    refreshes.pop().continue_()
    for tab in (page, other):
        expect(tab.get_by_label("Password")).to_be_visible()
        assert tab.evaluate(HELD) is None
    assert refreshes == []


def test_a_session_that_ends_closes_the_dialog(
    product: Any, page: Page, other: Page
) -> None:
    open_editor(page, product)
    sign_out(other)
    expect(page.locator("#editor")).to_be_hidden()
    sign_in(page)
    expect(page.locator("#total")).not_to_be_empty()


def test_a_revoked_session_closes_the_dialog(
    product: Any, page: Page, api: httpx2.Client
) -> None:
    page.route(STREAM, lambda route: route.abort())  # it would notice
    page.reload()
    open_editor(page, product)
    for each in api.get("auth/sessions").json():
        if not each["current"]:
            api.delete(f"auth/sessions/{each['id']}").raise_for_status()
    field(page, "Price").fill("2.75")
    save(page)
    expect(page.locator("#editor")).to_be_hidden()
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_product_that_was_deleted_is_named(
    product: Any, page: Page, api: httpx2.Client
) -> None:
    page.route(f"**{LIST}", lambda route: None)  # the list stays as it is
    api.delete(f"products/{product['id']}").raise_for_status()
    row_of(page, product).get_by_role("button", name="Edit").click()
    expect(page.get_by_role("status")).to_contain_text("does not exist")


def test_an_invalid_field_is_named(product: Any, page: Page) -> None:
    open_editor(page, product)
    field(page, "Price").fill("007")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("price: ")
    expect(page.get_by_role("button", name="Save")).to_be_focused()


@pytest.fixture
def stopped(page: Page) -> Page:
    """Stop the page's clock: a timer fires only when a test moves it on."""
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") + 60_000)
    return page


def test_many_changes_load_the_list_once(
    product: Any, stopped: Page, api: httpx2.Client
) -> None:
    """At most one list in each moment, whenever the events arrive."""
    lists: list[Request] = []
    moments = 0

    def record(request: Request) -> None:
        if request.url.endswith(LIST):
            lists.append(request)

    def count() -> int:
        nonlocal moments
        moments += 1
        stopped.clock.run_for(MOMENT)
        return len(lists)

    stopped.on("request", record)
    stopped.reload()
    wait_until(lambda: count() == 2)  # at first, and when the stream is open
    moments = 0
    update = {"op": "update", "id": product["id"]}
    items = [{**update, "data": {"name": f"Pen {n}"}} for n in range(30)]
    api.post("products/bulk", json={"items": items}).raise_for_status()
    wait_until(
        lambda: count() > 2 and "Pen 29" in row_of(stopped, product).inner_text()
    )
    assert len(lists) <= 2 + moments


def test_a_change_is_marked_although_an_older_list_comes_after_it(
    product: Any, stopped: Page, api: httpx2.Client
) -> None:
    lists: list[Route] = []

    def hold(route: Route) -> None:
        lists.append(route)

    def has_one() -> bool:
        stopped.wait_for_timeout(20)  # in which requests arrive
        return bool(lists)

    event = f"event: change\ndata: {json.dumps({'entity_id': product['id']})}\n\n"
    cors = {"access-control-allow-origin": "*"}
    stopped.route(STREAM, lambda route: route.fulfill(body=event, headers=cors))
    stopped.route(f"**{LIST}", hold)
    with stopped.expect_response(STREAM):
        stopped.reload()
    wait_until(has_one)
    older = lists[0].fetch()
    api.patch(f"products/{product['id']}", json={"price": "7.25"}).raise_for_status()
    lists[0].fulfill(response=older)
    expect(row_of(stopped, product)).to_contain_text("1.50")
    stopped.unroute(f"**{LIST}")
    stopped.clock.run_for(MOMENT)
    expect(row_of(stopped, product)).to_contain_text("7.25")
    expect(row_of(stopped, product)).to_have_class("changed")


def test_a_hidden_tab_closes_its_stream_and_resumes(
    product: Any, page: Page, api: httpx2.Client
) -> None:
    streams = Streams(page)
    page.reload()
    wait_until(lambda: streams.count() == 1)
    page.evaluate(HIDE, True)
    wait_until(lambda: streams.count() == 0)
    api.patch(f"products/{product['id']}", json={"price": "8.25"}).raise_for_status()
    page.evaluate(HIDE, False)
    expect(row_of(page, product)).to_contain_text("8.25")


def test_a_browser_that_keeps_nothing_shows_a_message(
    context: BrowserContext, origin: str, faults: list[str]
) -> None:
    context.add_init_script("indexedDB.open = () => { throw new Error('refused'); }")
    page = context.new_page()
    page.goto(origin)
    expect(page.get_by_role("status")).to_have_text("That failed. Try again later.")
    faults.clear()
