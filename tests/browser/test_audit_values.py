"""Values on the audit page that are hard to show: long, or written from the right."""

from datetime import datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import CHROMIUM, Visit
from tests.browser.displays import Display, check_display
from tests.browser.test_audit_page import line, open_page
from tests.processes.servers import Server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium on this machine"),
]
# Of the text of an empty field on its background.
CONTRAST = """element => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const { backgroundColor } = getComputedStyle(element);
  const { color, opacity } = getComputedStyle(element, "::placeholder");
  const ground = parse(backgroundColor);
  const light = (rgb) => rgb.slice(0, 3)
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0.05);
  const mix = (part, i) => part * opacity + ground[i] * (1 - opacity);
  const text = parse(color).map(mix);
  const [low, high] = [light(text), light(ground)].sort((a, b) => a - b);
  return high / low;
}"""


def make_product(server: Server, sku: str, name: str, renamed: str) -> str:
    with server.client() as client:
        body = {"sku": sku, "name": name, "price": "1.50"}
        id: str = client.post("/products", json=body).raise_for_status().json()["id"]
        client.patch(f"/products/{id}", json={"name": renamed}).raise_for_status()
    return id


def left(element: Locator) -> float:
    box = element.bounding_box()
    assert box
    return box["x"]


def open_history(visit: Visit, id: str) -> Page:
    return open_page(visit, f"#/record/Product/{id}")


def test_the_old_value_stands_before_the_new_one_in_any_script(
    visit: Visit, server: Server
) -> None:
    id = make_product(server, "HEBREW-1", "עט נובע", "עפרון צבעוני")
    page = open_history(visit, id)
    changed = line(page, "name")
    expect(changed).to_be_visible()
    assert left(changed.locator("del")) < left(changed.locator("ins"))


def test_today_is_yesterday_after_midnight(visit: Visit, server: Server) -> None:
    id = make_product(server, "NIGHT-1", "Pen", "Quill")
    # At noon of the day of the change, as midnight may be near.
    with server.client() as client:
        changed = datetime.fromisoformat(
            client.get(f"/products/{id}").json()["updated_at"]
        )
    visit.page.clock.install(time=changed.astimezone().replace(hour=12))
    page = open_history(visit, id)
    expect(page.get_by_role("heading", level=2)).to_have_text("Today")
    page.clock.fast_forward("24:00:00")
    expect(page.get_by_role("heading", level=2)).to_have_text("Yesterday")


def test_a_value_is_cut_between_two_characters(visit: Visit, server: Server) -> None:
    id = make_product(server, "EMOJI-1", "😀" * 60, "a" + "😀" * 60)
    page = open_history(visit, id)
    changed = line(page, "name")
    expect(changed.locator("ins")).to_have_text("a" + "😀" * 47 + "…")
    expect(changed.locator("del")).to_have_text("😀" * 48 + "…")


def test_long_names_fit_a_narrow_screen(visit: Visit, server: Server) -> None:
    id = make_product(server, "L" * 40, "W" * 200, "X" * 200)
    page = open_page(visit)
    for place in (f"changes?entity_id={id}", "compare", f"record/Product/{id}"):
        page.evaluate("place => { location.hash = `#/${place}`; }", place)
        expect(line(page, "L" * 40).first).to_be_visible()
        page.locator("summary").evaluate_all("all => all.forEach(each => each.click())")
        expect(page.locator(".links").first).to_be_visible()
        check_display(page, Display(320, "light"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_examples_in_empty_fields_are_legible(visit: Visit, scheme: str) -> None:
    visit.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page = open_page(visit)
    assert page.get_by_placeholder("price").evaluate(CONTRAST) >= 4.5
