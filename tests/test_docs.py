"""Consistency of the documentation with the code."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import app.main  # noqa: F401  imports all exceptions
from app.core.config import Settings
from app.core.exceptions import AppException
from app.core.problem import CODES
from scripts.export_tables import TABLES, fill_table
from tests.databases import GivenSettings

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# The recipes name files that they create; tests/scripts/test_recipes.py runs them.
WITHOUT_RECIPES = [path for path in DOCUMENTS if path.name != "RECIPES.md"]
GUIDES = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]
LONGEST = 4_000  # words, without generated tables
EXAMPLE = (ROOT / ".env.example").read_text()
SETTINGS = (ROOT / "docs/SETTINGS.md").read_text()
INDEX = (ROOT / "docs/README.md").read_text()
READMES = {ROOT / "README.md", ROOT / "docs/README.md"}
CLIENTS = (ROOT / "docs/CLIENTS.md").read_text()
# A default without a value.
NO_VALUE = re.compile("none, required|none|generated")


def test_every_setting_is_in_the_example_file() -> None:
    shown = re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE)
    assert sorted(shown) == sorted(Settings.model_fields)


def test_the_example_file_shows_the_defaults() -> None:
    values = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    example = GivenSettings.model_validate(values)
    default = GivenSettings.model_validate({"SECRET_KEY": values["SECRET_KEY"]})
    assert example == default


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \| .+ \|$", SETTINGS, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(Settings.model_fields)
    shown = {name: NO_VALUE.sub("", cell.strip("`")) for name, cell in rows}
    values = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert shown == values | {"SECRET_KEY": ""}


def error_codes(kind: type[AppException]) -> Iterator[tuple[str, str]]:
    """Yield the status and code of each exception that is shown to clients."""
    for each in kind.__subclasses__():
        # That of a bulk request is the status of its first failure.
        status = "any" if each.status == AppException.status else str(each.status)
        if each.__module__.startswith("app."):  # tests have some of their own
            yield status, each.code
        yield from error_codes(each)


def test_every_error_code_is_documented_with_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}|any) \| `(\w+)` \| .+ \|$", CLIENTS, re.MULTILINE)
    framework = {(str(status), code) for status, code in CODES.items()}
    assert len(rows) == len(set(rows))
    assert {*rows} == framework | {*error_codes(AppException)}


def test_the_index_links_every_document() -> None:
    linked = re.findall(r"\]\(([\w./]+\.md)[#)]", INDEX)
    assert {ROOT / "docs" / path for path in linked} == {*DOCUMENTS} - READMES


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_has_a_target(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
    broken = [link for link in links if not (document.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_section_is_there_twice(document: Path) -> None:
    headings = re.findall("^##+ .+", document.read_text(), re.MULTILINE)
    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("document", GUIDES, ids=lambda path: path.name)
def test_a_guide_is_short_enough_to_be_read(document: Path) -> None:
    """Split a longer one by reader, or move what another page says better."""
    text = re.sub(r"<!-- (\w+) -->.*<!-- /\1 -->", "", document.read_text(), flags=re.S)
    assert len(text.split()) <= LONGEST


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_anchor_is_a_heading(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", document.read_text())
    targets = [
        ((document.parent / path) if path else document, to) for path, to in links
    ]
    assert [link for link in targets if link[1] not in anchors(link[0])] == []


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub generates for a document's headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    kept = (re.sub(r"[^\w -]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}


@pytest.mark.parametrize("document", WITHOUT_RECIPES, ids=lambda path: path.name)
def test_every_named_file_exists(document: Path) -> None:
    pattern = r"`((?:app|alembic|tests|scripts|seeds|docs)/[\w./-]+\.\w+)`"
    named = re.findall(pattern, document.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(("path", "name", "table"), TABLES)
def test_the_tables_follow_the_code(
    path: Path, name: str, table: Callable[[], Iterator[str]]
) -> None:
    text = path.read_text(encoding="utf-8")
    hint = "python scripts/export_tables.py, and commit docs/"
    assert fill_table(text, name, table()) == text, hint
