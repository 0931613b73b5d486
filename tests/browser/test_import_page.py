"""The import of a file on the audit page, in a browser."""

import csv
import json
import os
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Locator, Page, Route, expect

from tests.accounts import PASSWORD, add_account
from tests.browser.conftest import CHROMIUM, Visit
from tests.browser.displays import DISPLAYS, check_display
from tests.databases import make_settings
from tests.processes.servers import Server, wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium on this machine"),
]

HEADER = "sku,name,price,description\n"
ATTACK = '<img src="https://evil.example/x" onerror="document.title = 1">'
DROP = """([text, name]) => {
  const files = new DataTransfer();
  files.items.add(new File([text], name));
  const event = new DragEvent("drop", { dataTransfer: files, bubbles: true });
  document.querySelector(".drop").dispatchEvent(event);
}"""
SLICES = """async ([text, size]) => {
  const { slicesOf } = await import("/static/audit-slices.js");
  const { slices } = await slicesOf(new File([text], "new.csv"), size);
  return Promise.all(slices.map(({ content }) => content.text()));
}"""


# Written before Playwright's event loop starts.
@pytest.fixture(scope="module", autouse=True)
def reader(address: str, server: Server) -> None:
    add_account(make_settings(address), "audit:read", email="auditor@example.com")


def open_import(visit: Visit, email: str = "root@example.com") -> Page:
    page = visit.open("/audit#/import")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import")
    return page


def check_file(page: Page, text: str, name: str = "new.csv", key: str = "") -> None:
    content = {"name": name, "mimeType": "", "buffer": text.encode()}
    page.get_by_label("Rows find their records by").select_option(key)
    page.get_by_label("File: choose it").set_input_files(content)  # type: ignore[arg-type]  # a file, not a path
    page.get_by_role("button", name="Check the file").click()


def cells(table: Locator) -> list[list[str]]:
    rows = table.locator("tbody tr").all()
    return [row.locator("td").all_inner_texts() for row in rows]


def counts(page: Page) -> list[str]:
    table = page.get_by_role("table", name="Rows of the file")
    expect(table).to_be_visible()
    return [count for _, count in cells(table)]


def skus(server: Server) -> list[str]:
    with server.client() as client:
        items = client.get("/products?sort=name&limit=200&q=imported").json()["items"]
    return [item["sku"] for item in items]


def test_a_file_is_checked_and_then_imported(visit: Visit, server: Server) -> None:
    page = open_import(visit)
    rows = 'IMP-1,imported 1,1.50,"two\nlines"\nIMP-2,imported 2,2.50,\n'
    check_file(page, HEADER + rows, key="sku")
    expect(page.get_by_role("heading", level=2)).to_have_text(
        "What the import would do"
    )
    expect(page.get_by_role("heading", level=2)).to_be_focused()
    assert counts(page) == ["2", "0", "0", "0"]
    assert skus(server) == []
    page.get_by_role("button", name="Import 2 records").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Imported")
    assert skus(server) == ["IMP-1", "IMP-2"]
    check_file(page, HEADER + rows.replace("1.50", "9.00"), key="sku")
    expect(page.get_by_role("button", name="Import 1 record")).to_be_visible()
    assert counts(page) == ["0", "1", "1", "0"]
    page.get_by_label("Collection").select_option("Customer")  # discards the result
    expect(page.get_by_role("button", name="Import 1 record")).to_be_hidden()


def test_errors_are_shown_by_row_and_nothing_can_be_imported(
    visit: Visit, server: Server
) -> None:
    page = open_import(visit)
    check_file(page, f"{HEADER}ERR-1,imported,1.50,\nERR-2,imported,x,\n{ATTACK},a,1,")
    table = page.get_by_role("table", name="Errors by row")
    expect(table).to_contain_text("price")
    assert [row[:2] for row in cells(table)] == [["3", "price"], ["4", "sku"]]
    assert counts(page) == ["1", "0", "0", "2"]
    expect(page.get_by_role("button", name="Import")).to_have_count(0)
    check_file(page, f"{HEADER}\x00\xff")
    expect(page.get_by_role("heading", level=2)).to_contain_text("errors")
    assert "ERR-1" not in skus(server)
    for display in DISPLAYS:
        check_display(page, display)


@pytest.mark.heavy
def test_a_file_can_be_dropped_and_the_keyboard_is_enough(
    visit: Visit, server: Server
) -> None:
    page = open_import(visit)
    line = json.dumps({"sku": "DROP-1", "name": "imported z", "price": "1.50"})
    page.evaluate(DROP, [line, "new.jsonl"])
    page.get_by_label("File: choose it").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Check the file")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_have_text("Imported")
    page.get_by_role("link", name="Show the changes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Changes")
    assert "DROP-1" in skus(server)


@pytest.mark.heavy
def test_a_large_file_is_imported_in_slices(visit: Visit, server: Server) -> None:
    """Of rows with line ends and quotes in cells; each slice begins with the header."""
    page = open_import(visit)
    sent: list[str] = []
    page.on("request", lambda it: sent.append(it.url) if "/import" in it.url else None)
    rows = "".join(f'BIG-{n},big,1.50,"a\n""b"""\n' for n in range(2_000))
    check_file(page, HEADER + 'BIG-X,5" big,1.50,\n' + rows, key="sku")
    page.get_by_role("button", name="Import 2001 records").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Imported")
    assert counts(page) == ["2001", "0", "0", "0"]
    assert len(sent) == 1 + 3
    with server.client() as client:
        assert client.get("/products?q=big").json()["total"] == 2_001


@pytest.mark.parametrize(
    "rows",
    [
        '1,5" nail\n2,"two\nlines"\n3,b\n4,c\n',
        '1,5"" nail"\n2,"a""\n""b"\n3,""\n4,"\n,x,"\n',
        '1,a"b\n\n2," ""\n,""\n"\r\n3,"c"',
    ],
)
def test_slices_are_cut_where_the_server_begins_a_row(visit: Visit, rows: str) -> None:
    text = f"a,b\n{rows}"
    page = visit.open("/audit")
    sliced = page.evaluate(SLICES, [text, 1])
    whole = list(csv.reader(StringIO(text, newline=""), strict=True))
    parts = [[*csv.reader(StringIO(it, newline=""), strict=True)] for it in sliced]
    assert parts == [[whole[0], row] for row in whole[1:]]


def check_three_slices(page: Page, sku: str) -> Locator:
    """Check a file of three slices; return the button that imports it."""
    rows = "".join(f"{sku}-{n},slow,1.50,\n" for n in range(2_001))
    check_file(page, HEADER + rows, key="sku")
    button = page.get_by_role("button", name="Import 2001 records")
    expect(button).to_be_visible()
    return button


@pytest.mark.heavy
def test_an_import_that_stops_says_what_it_has_imported(visit: Visit) -> None:
    page = open_import(visit)
    button = check_three_slices(page, "STOP")
    slices: list[Route] = []

    def send_one(route: Route) -> None:
        slices.append(route)
        route.continue_() if len(slices) == 1 else route.abort()

    page.route("**/import?*", send_one)
    button.click()
    message = "Stopped after 1000 records were imported: The service is not responding"
    expect(page.get_by_role("alert")).to_contain_text(message)
    visit.faults.clear()  # the browser reports every failed request


def import_slowly(page: Page, sku: str) -> list[Route]:
    """Import a file of three slices, of which the last two are held."""
    button = check_three_slices(page, sku)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/import?*", hold)
    button.click()
    wait_until(lambda: has_arrived(page, held))
    return held


def has_arrived(page: Page, held: Sequence[object]) -> bool:
    page.wait_for_timeout(20)  # in which requests arrive
    return bool(held)


@pytest.mark.heavy
@pytest.mark.parametrize("is_done", [True, False])
def test_an_import_goes_on_in_another_view_and_shows_its_result(
    visit: Visit, is_done: bool
) -> None:
    page = open_import(visit)
    (first,) = import_slowly(page, f"AWAY-{is_done:d}")
    page.get_by_role("link", name="Changes", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Changes")
    page.get_by_role("link", name="Import", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("link", name="Records").click()
    page.unroute("**/import?*")
    if is_done:
        first.continue_()
    else:
        first.abort()
        visit.faults.clear()  # the browser reports every failed request
    expect(page.locator("body")).to_have_class("ledger audit")
    page.get_by_role("link", name="Import", exact=True).click()
    text = "Imported" if is_done else "The service is not responding."
    expect(page.get_by_role("heading", level=2)).to_have_text(text)
    check_file(page, HEADER, key="sku")
    expect(page.get_by_role("heading", level=2)).to_have_text(
        "What the import would do"
    )
    visit.faults.clear()


@pytest.mark.heavy
def test_leaving_the_page_during_an_import_is_asked(visit: Visit) -> None:
    page = open_import(visit)
    (first,) = import_slowly(page, "STAY")
    questions: list[str] = []

    def stay(dialog: Dialog) -> None:
        questions.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.evaluate("location.reload()")
    wait_until(lambda: has_arrived(page, questions))
    page.unroute("**/import?*")
    first.continue_()
    expect(page.get_by_role("heading", level=2)).to_have_text("Imported")
    assert questions == ["beforeunload"]


@pytest.mark.heavy
def test_a_file_that_has_changed_is_chosen_again(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    page = open_import(visit)
    file = tmp_path / "new.csv"
    file.write_text(f"{HEADER}EDIT-1,imported,1.50,\n", encoding="utf-8")
    page.get_by_label("File: choose it").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    button = page.get_by_role("button", name="Import 1 record")
    expect(button).to_be_visible()
    file.write_text(f"{HEADER}EDIT-2,imported,1.50,\n", encoding="utf-8")
    os.utime(file, (1, 1))  # as if it had taken a second
    button.click()  # imports what was checked
    expect(page.get_by_role("heading", level=2)).to_have_text("Imported")
    assert "EDIT-1" in skus(server)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("alert")).to_contain_text("choose it again")
    expect(page.get_by_role("button", name="Check the file")).to_be_focused()


@pytest.mark.heavy
def test_a_user_who_may_not_import_gets_no_form(visit: Visit) -> None:
    page = open_import(visit, "auditor@example.com")
    expect(page.get_by_text("needs permission to create and change")).to_be_visible()
    expect(page.get_by_role("button", name="Check the file")).to_have_count(0)
