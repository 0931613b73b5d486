"""Files that are broken or made to do harm: refused, and nothing is changed."""

import csv
import io
import json
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from app.collections.files.formats import reading
from app.collections.files.formats.errors import BrokenFileError
from app.collections.files.formats.media import FileFormat
from app.collections.files.imports.received import ReceivedFile
from tests.collections.files.files import CSV, JSONL, as_csv, report_of, send
from tests.contract import status_and_code

pytestmark = pytest.mark.either

ROW = {"sku": "PEN-1", "name": "Pen", "price": "1.50"}
HEADER = b"sku,name,price\n"
LINE = reading.MAX_LINE + 1

# The file, its type, and the row and code of its error.
BROKEN: dict[str, tuple[bytes, str, int, str]] = {
    "UTF-16": (as_csv([ROW]).decode().encode("utf-16"), CSV, 1, "not_utf8"),
    "Latin-1": (HEADER + "A-1,Röd,1\n".encode("latin-1"), CSV, 2, "not_utf8"),
    "a workbook": (b"PK\x03\x04" + b"\0" * 100, CSV, 1, "not_utf8"),
    "nothing": (b"", CSV, 1, "no_header"),
    "only a mark": (b"\xef\xbb\xbf", CSV, 1, "no_header"),
    "an empty first line": (b"\n" + HEADER, CSV, 1, "no_header"),
    "semicolons": (b"sku;name;price\nA-1;Pen;1\n", CSV, 1, "not_csv"),
    "an open quote": (HEADER + b'"A-1,Pen,1\n', CSV, 2, "not_csv"),
    "a letter after a quote": (HEADER + b'"A"-1,Pen,1\n', CSV, 2, "not_csv"),
    "lines of an old Mac": (b"sku,name,price\rA-1,Pen,1\r", CSV, 1, "not_csv"),
    "10 000 columns": (b",".join([b"x"] * 10_000), CSV, 1, "too_many_columns"),
    "many cells": (HEADER + b"," * 10_000, CSV, 2, "wrong_number_of_cells"),
    "a cell too few": (HEADER + b"A-1,Pen\n", CSV, 2, "wrong_number_of_cells"),
    "a name twice": (b"sku,sku\nA-1,A-1\n", CSV, 1, "invalid_header"),
    "an unnamed column": (b"sku,\nA-1,x\n", CSV, 1, "invalid_header"),
    "an endless line": (HEADER + b"a" * LINE, CSV, 2, "line_too_long"),
    "an endless line of JSON": (b'{"a":"' + b"a" * LINE, JSONL, 1, "line_too_long"),
    "an array": (b"[]\n", JSONL, 1, "not_json"),
    "half an object": (b'{}\n{"sku":', JSONL, 2, "not_json"),
    "NaN": (b'{"price": NaN}', JSONL, 1, "not_json"),
    "deep nesting": (b'{"a":' + b"[" * 100_000, JSONL, 1, "not_json"),
    "10 000 fields": (
        json.dumps({f"f{n}": n for n in range(10_000)}).encode(),
        JSONL,
        1,
        "too_many_columns",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_names_its_row(client: TestClient, name: str) -> None:
    file, kind, row, code = BROKEN[name]
    report = send(client, file, "dry_run=true", kind).json()
    found = [(it["row"], it["code"]) for it in report["errors"]]
    assert found[-1] == (row, code)
    assert len(json.dumps(report)) < 2_000  # it does not repeat the file
    if code == "not_csv":  # in words of spreadsheets, not of Python
        message = report["errors"][-1]["message"]
        assert "separated by commas" in message or "quotes and line ends" in message
    refused = send(client, file, kind=kind)
    assert status_and_code(refused) == (422, "import_failed")
    assert client.get("products").json()["total"] == 0


def test_an_open_quote_is_not_collected_without_end() -> None:
    """Each line is short, but the quoted cell goes on to the end of the file."""
    file = io.BytesIO(HEADER + b'"' + b"a\n" * 500_000)
    rows = ReceivedFile(file, FileFormat.CSV).batches()
    with pytest.raises(BrokenFileError) as raised:
        next(rows)
    assert (raised.value.error.row, raised.value.error.code) == (2, "not_csv")
    assert file.tell() < 2 * csv.field_size_limit()


def test_a_row_with_too_many_lines_is_refused() -> None:
    """Each of its cells is short enough, but they are not read without a break."""
    file = io.BytesIO(HEADER + b",".join([b'"' + b"\n" * 100_000 + b'"'] * 3))
    with pytest.raises(BrokenFileError) as raised:
        next(ReceivedFile(file, FileFormat.CSV).batches())
    assert (raised.value.error.row, raised.value.error.code) == (2, "not_csv")
    assert file.tell() < 2 * reading.MAX_LINES


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (HEADER + b"\n" * 300_000, FileFormat.CSV),
        (b" \n" * 150_000, FileFormat.JSONL),
        (HEADER + b"a,b,%s\n" % (b"c" * 20_000) * 15, FileFormat.CSV),
        (b'{"a": [%s0]}\n' % (b"[]," * 7_000) * 15, FileFormat.JSONL),
    ],
    ids=["empty rows", "empty lines", "long rows", "many values"],
)
def test_other_requests_take_their_turn_while_a_file_is_read(
    lines: bytes, kind: FileFormat
) -> None:
    file, before, count = io.BytesIO(lines), 0, 0
    for rows in ReceivedFile(file, kind).batches():
        assert file.tell() - before < 100_000
        before, count = file.tell(), count + len(rows)
    assert before == len(lines)
    assert count in (0, 15)


def test_columns_are_checked_after_empty_lines(client: TestClient) -> None:
    file = b"sku,colour\n" + b"\n" * 1_000 + b"A-1,red\n"
    (error,) = send(client, file).json()["errors"]
    assert error["loc"] == ["body", 1, "colour"]


def test_control_characters_are_refused(client: TestClient) -> None:
    for name in ("a\0b", "a\x07b"):
        report = send(client, as_csv([ROW | {"name": name}]), "dry_run=true").json()
        assert report["errors"][0]["row"] == 2, name
    assert client.get("products").json()["total"] == 0


def test_a_formula_is_imported_as_text_and_exported_quoted(client: TestClient) -> None:
    formula = '=HYPERLINK("https://evil.example","a")'
    assert report_of(send(client, as_csv([ROW | {"name": formula}]))) == {"created": 1}
    assert client.get("products").json()["items"][0]["name"] == formula
    text = client.get("products/export").text
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["name"] == f"'{formula}"


def test_marks_and_line_ends_of_spreadsheets_are_read(client: TestClient) -> None:
    text = as_csv([ROW]).decode().replace("\r\n", "\n")
    variants: list[Callable[[str], str]] = [
        lambda it: f"\ufeff{it}",
        lambda it: it.replace("\n", "\r\n"),
        lambda it: it.rstrip("\n"),
        lambda it: f"{it}\n\n",
    ]
    for variant in variants:
        file = variant(text).encode()
        assert report_of(send(client, file, "dry_run=true")) == {"created": 1}


ODD = [
    *("[]", "{}", "true", "null", "1e308", "-0.0", '""', '"\\u0000"', '"\\ud800"'),
    *('"\\uffff"', "9" * 400, "[[[]]]", '"' + "x" * 100_000 + '"', '{"a": {"b": []}}'),
]


@pytest.mark.slow
@pytest.mark.parametrize("field", ["id", "version", *ROW])
def test_odd_values_are_errors_of_their_row(client: TestClient, field: str) -> None:
    client.post("products", json=ROW)
    fields = {name: json.dumps(value) for name, value in ROW.items()}
    for value in ODD:
        text = ", ".join(f'"{k}": {v}' for k, v in (fields | {field: value}).items())
        for query in ("dry_run=true", "dry_run=true&key=sku"):
            tried = send(client, f"{{{text}}}".encode(), query, JSONL)
            assert tried.status_code == 200, (value, tried.text)
            assert {error["row"] for error in tried.json()["errors"]} <= {1}
            assert len(tried.content) < 2_000
    assert client.get("products").json()["items"][0]["version"] == 1


def test_a_header_without_rows_is_checked(client: TestClient) -> None:
    assert report_of(send(client, HEADER)) == {}
    refused = send(client, b"null")
    assert status_and_code(refused) == (422, "import_failed")
    assert refused.json()["errors"][0]["loc"] == ["body", 1, "null"]
