"""The HTML pages in a browser that can reach only the server."""

import pytest
from playwright.sync_api import Page, expect

from tests.accounts import PASSWORD
from tests.browser.conftest import CHROMIUM, Visit
from tests.browser.displays import DISPLAYS, check_display
from tests.processes.servers import Server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium on this machine"),
]

PEN = '{"sku": "PEN-001", "name": "Fountain pen", "price": "19.99", "stock": 12}'
CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


def test_the_landing_page_fits_every_screen(visit: Visit) -> None:
    page = visit.open("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Ready")
    expect(page.locator(".base").first).to_have_text(visit.origin)
    for display in DISPLAYS:
        check_display(page, display)


@pytest.mark.heavy
def test_the_landing_page_follows_the_state_of_the_service(visit: Visit) -> None:
    page = visit.open("/")
    problem = {"detail": "The database does not answer"}
    page.route("**/readyz", lambda route: route.fulfill(status=503, json=problem))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("status")).to_contain_text("Not ready")
    expect(page.get_by_role("status")).to_contain_text(problem["detail"])
    visit.faults.clear()  # the browser reports every 503
    page.unroute("**/readyz")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("status")).to_have_class("ready")


@pytest.mark.heavy
def test_the_landing_page_says_that_the_service_hangs(visit: Visit) -> None:
    page = visit.open("/")
    # The timers of the page do not include that of AbortSignal.timeout().
    page.evaluate("AbortSignal.timeout = () => AbortSignal.abort()")
    page.route("**/readyz", lambda route: None)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("status")).to_contain_text("does not answer")


@pytest.mark.heavy
@pytest.mark.parametrize(
    "visit",
    [CLIPBOARD | {"viewport": {"width": 375, "height": 800}}],
    indirect=True,
    ids=["phone"],
)
def test_the_copy_buttons_cover_no_code(visit: Visit) -> None:
    page = visit.open("/")
    request = page.locator(".request").first
    button = request.get_by_role("button").bounding_box()
    code = request.locator("code").bounding_box()
    assert button
    assert code
    assert button["y"] + button["height"] <= code["y"]


@pytest.mark.parametrize("visit", [CLIPBOARD], indirect=True, ids=["clipboard"])
def test_a_call_can_be_copied(visit: Visit) -> None:
    page = visit.page
    page.clock.install()
    visit.open("/")
    page.clock.pause_at(page.evaluate("Date.now()") + 60_000)
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"curl {visit.origin}/api/v1/auth/login")


@pytest.mark.heavy
def test_the_landing_page_has_a_skip_link_for_the_keyboard(visit: Visit) -> None:
    page = visit.open("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")


def authorize(page: Page) -> None:
    """Sign in to Swagger UI with e-mail address and password."""
    page.get_by_role("button", name="Authorize").first.click()
    dialog = page.locator(".dialog-ux")
    dialog.get_by_label("username").fill("root@example.com")
    dialog.get_by_label("password").fill(PASSWORD)
    dialog.get_by_role("button", name="Apply given OAuth2 credentials").click()
    expect(dialog.get_by_text("Authorized")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()


def test_swagger_ui_creates_a_product(visit: Visit, server: Server) -> None:
    page = visit.open("/docs#/products/create_product")
    authorize(page)
    call = page.locator("#operations-products-create_product")
    call.get_by_role("button", name="Try it out").click()
    call.locator("textarea").fill(PEN)
    call.get_by_role("button", name="Execute").click()
    expect(call.locator(".live-responses-table .response-col_status")).to_contain_text(
        ["Code", "201"]
    )
    with server.client() as client:
        (product,) = client.get("/products").json()["items"]
    assert (product["sku"], product["price"]) == ("PEN-001", "19.99")


def test_redoc_shows_and_finds_an_operation(visit: Visit) -> None:
    page = visit.open("/redoc")
    expect(page.locator("[data-section-id='tag/products']")).to_be_visible()
    page.get_by_placeholder("Search").fill("stock")
    expect(page.get_by_role("search")).to_contain_text("Adjust Stock")


@pytest.mark.heavy
def test_redoc_follows_the_colour_scheme(visit: Visit) -> None:
    page = visit.page
    page.emulate_media(color_scheme="light")
    visit.open("/redoc")
    title = page.get_by_role("heading", name="List Products")
    expect(title).to_have_css("color", "rgb(15, 31, 25)")
    # The page reloads itself.
    page.emulate_media(color_scheme="dark")
    expect(title).to_have_css("color", "rgb(228, 238, 232)")
