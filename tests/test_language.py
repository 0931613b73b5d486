"""The language of the house: docstrings, comments, guides and commit titles."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TREES = ("app", "alembic", "scripts", "seeds", "tests")
# This file has to spell what it forbids.
SOURCES = sorted(
    path
    for tree in TREES
    for path in (ROOT / tree).rglob("*.py")
    if path != Path(__file__)
)
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = sorted(path for path in (ROOT / "app").rglob("static/*") if path.is_file())

# Words of conversation where the field has a term, and a user who is not a "they".
ADVISED_AGAINST = re.compile(
    r"\b(she|her|hers|herself|he|him|himself|whoever|whatever|nobody|somebody|anew|"
    r"of ours|tells|told|judges?|judged|grows? old|hears?|heard|by birth|born|deeds?|"
    r"citizens?|stretch(es)?|for ever)\b",
    re.IGNORECASE,
)
# A docstring begins with an imperative or a noun phrase: not with a question, nor with
# what the thing itself "does".
QUESTIONS = set("what how who whom whose which where when why is are can does".split())
VERBS = (
    "accept add append ask bring build close collect compare compute convert create "
    "delete derive drop encode fill find flush generate give guard hold keep make "
    "open parse pass print prune purge raise read refuse reject remove rename "
    "replace restore return revoke rewrite rotate save say select send serve sign "
    "start stop store sync take tell translate use validate verify wait walk wrap "
    "write yield "
).split()
THIRD_PERSON = {f"{verb}{ending}" for verb in VERBS for ending in ("s", "es")}
LONGEST_TITLE = 72


@cache
def docstrings(path: Path) -> list[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    found = (ast.get_docstring(node) for node in nodes if isinstance(node, kinds))
    return [text for text in found if text]


def comments(path: Path) -> Iterator[str]:
    source = io.StringIO(path.read_text(encoding="utf-8"))
    for token in tokenize.generate_tokens(source.readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def prose(path: Path) -> Iterator[str]:
    """Yield the lines without code and without generated tables."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"<!-- (\w+) -->.*?<!-- /\1 -->", "", text, flags=re.DOTALL)
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    yield from re.sub(r"`[^`\n]+`", "", text).splitlines()


def faults(texts: Iterable[str]) -> list[str]:
    found = ((ADVISED_AGAINST.search(text), text) for text in texts)
    return [f"{word[0]}: {text[:80]}" for word, text in found if word]


def source_faults(path: Path) -> list[str]:
    # Most files do not have the words at all, and a tokenizer takes its time.
    if not ADVISED_AGAINST.search(path.read_text(encoding="utf-8")):
        return []
    return faults([*docstrings(path), *comments(path)])


def first_word(docstring: str) -> str:
    return re.split(r"\W", docstring.strip().lower(), maxsplit=1)[0]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("tree", TREES)
def test_comments_and_docstrings_use_the_terms_of_the_field(tree: str) -> None:
    found = {
        name(path): wrong
        for path in SOURCES
        if path.is_relative_to(ROOT / tree)
        if (wrong := source_faults(path))
    }
    assert found == {}


@pytest.mark.parametrize("tree", TREES)
def test_a_docstring_begins_with_an_imperative_or_a_noun(tree: str) -> None:
    found = {
        name(path): wrong
        for path in SOURCES
        if path.is_relative_to(ROOT / tree)
        if (
            wrong := [
                text[:80]
                for text in docstrings(path)
                if first_word(text) in QUESTIONS | THIRD_PERSON
            ]
        )
    }
    assert found == {}


@pytest.mark.parametrize("guide", GUIDES, ids=name)
def test_guides_use_the_terms_of_the_field(guide: Path) -> None:
    assert faults(prose(guide)) == []


def test_pages_use_the_terms_of_the_field() -> None:
    found = {
        name(path): wrong
        for path in PAGES
        if (wrong := faults(path.read_text(encoding="utf-8").splitlines()))
    }
    assert found == {}


def test_test_names_use_the_terms_of_the_field() -> None:
    names = {
        found.replace("_", " ")
        for path in SOURCES
        for found in re.findall(r"\bdef (test_\w+)", path.read_text(encoding="utf-8"))
    }
    assert faults(sorted(names)) == []


def test_commit_titles_are_short() -> None:
    """Of this branch: what is on the remote's, or older than this rule, stays."""
    rule = git(
        "log", "--format=%H", "--diff-filter=A", "-1", "--", "tests/test_language.py"
    )
    if not rule:
        pytest.skip("There is no history here, or it does not have this file yet")
    titles = git("log", "--format=%s", f"{rule[0]}..HEAD")
    assert [title for title in titles if len(title) > LONGEST_TITLE] == []


def git(*words: str) -> list[str]:
    done = subprocess.run(
        ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines() if done.returncode == 0 else []
