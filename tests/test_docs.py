"""The documents tell the truth, as far as a program can tell."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.config import Settings
from scripts.export_tables import TABLES, fill_table
from tests.databases import GivenSettings

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLE = (ROOT / ".env.example").read_text()
README = (ROOT / "README.md").read_text()


def test_every_setting_is_in_the_example_file() -> None:
    shown = re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE)
    assert sorted(shown) == sorted(Settings.model_fields)


def test_the_example_file_shows_the_defaults() -> None:
    values = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    example = GivenSettings.model_validate(values)
    default = GivenSettings.model_validate({"SECRET_KEY": values["SECRET_KEY"]})
    assert example == default


def test_every_setting_is_in_the_readme_s_table() -> None:
    shown = re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE)
    assert sorted(shown) == sorted(Settings.model_fields)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
    broken = [link for link in links if not (document.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_exists(document: Path) -> None:
    pattern = r"`((?:app|alembic|tests|scripts|seeds|docs)/[\w./-]+\.\w+)`"
    named = re.findall(pattern, document.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_readme_begins_with_the_two_commands() -> None:
    first = README.index("./scripts/run")
    assert first < README.index("./scripts/test") < 600


@pytest.mark.parametrize(("path", "name", "table"), TABLES)
def test_the_tables_follow_the_code(
    path: Path, name: str, table: Callable[[], Iterator[str]]
) -> None:
    text = path.read_text(encoding="utf-8")
    hint = "python scripts/export_tables.py, and commit docs/"
    assert fill_table(text, name, table()) == text, hint
