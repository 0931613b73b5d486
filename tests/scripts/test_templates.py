"""Files of a generated domain, and rejected arguments."""

import ast
import os
from pathlib import Path

import pytest

from scripts.new_module import add_module
from scripts.templates.grammar import RefusedException, parse_field
from scripts.templates.module import Module, parse_module
from scripts.templates.render import fill_templates, tidy
from tests.scripts.copies import ROOT, copy_repository


def write(name: str, table: str, fields: str) -> dict[Path, str]:
    """Return the files of a module, which may exist already."""
    module = Module(name, table, [parse_field(word) for word in fields.split()])
    return tidy(ROOT, fill_templates(module))


@pytest.mark.slow
def test_generated_files_are_short() -> None:
    files = write("gizmos", "gizmo", "code:str! name:str phone:str? notes:text")
    test = files.pop(Path("tests/modules/test_gizmos.py"))
    assert len(test.splitlines()) <= 14
    assert max(len(text.splitlines()) for text in files.values()) <= 65


def skeleton(text: str) -> str:
    """Return the syntax tree of a file, without docstrings and other prose."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = node.value if node.value.isidentifier() else ""
    return ast.dump(tree)


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["service", "routers"])
def test_generated_files_match_the_handwritten_ones(layer: str) -> None:
    path = Path(f"app/modules/customers/{layer}.py")
    files = write("customers", "customer", "name:str email:email!")
    assert skeleton(files[path]) == skeleton((ROOT / path).read_text())


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the repository once; no test of this module changes it."""
    return copy_repository(tmp_path_factory.mktemp("refused") / "copy")


def times(root: Path) -> dict[str, int]:
    """Return when each file was written, which takes less than to read them all."""
    paths = (f"{folder}/{name}" for folder, _, names in os.walk(root) for name in names)
    return {path: Path(path).stat().st_mtime_ns for path in paths}


@pytest.fixture(scope="module")
def before(repository: Path) -> dict[str, int]:
    return times(repository)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Gizmos name:str", "Invalid name `Gizmos`"),
        ("2nds name:str", "Invalid name `2nds`"),
        ("giz-mos name:str", "Invalid name `giz-mos`"),
        ("giz__mos name:str", "Invalid name `giz__mos`"),
        (f"{'x' * 22}s name:str", "use at most 22"),
        ("class name:str", "`class` is a reserved name"),
        ("vars name:str", "`vars` is a reserved name"),
        ("users name:str", "`users` is a reserved name"),
        ("people name:str", "Unknown singular of people"),
        ("statuses name:str", "Unknown singular of statuses"),
        ("products name:str", "The path /api/v1/products already exists"),
        ("wares/product name:str", "The table `product` already exists"),
        ("product_searches name:str", "The table `product_search` already exists"),
        ("problems name:str", "The class `Problem` already exists"),
        ("services name:str", "`get_service` conflicts with a name"),
        (
            "settings name:str",
            "`settings` conflicts with a name in alembic/env.py",
        ),
        ("queries name:str", "`Query` conflicts with a name"),
        ("gizmos name", "`name` is not name:TYPE"),
        ("gizmos name:str!?", "`name:str!\\?` is not name:TYPE"),
        ("gizmos name:string", "Unknown type `string`"),
        ("gizmos name:str note:text!", "`note` cannot be unique"),
        ("gizmos name:str=x", "`name:str=x` has an invalid str argument"),
        ("gizmos name:str on:bool=yes", "has an invalid bool argument"),
        ("gizmos name:str kind:enum", "has an invalid enum argument"),
        ("gizmos name:str kind:enum=a", "has an invalid enum argument"),
        ("gizmos name:str kind:enum=a|a", "has an invalid enum argument"),
        ("gizmos name:str kind:enum=a|B", "has an invalid enum argument"),
        ("gizmos name:str boss_id:ref", "has an invalid ref argument"),
        ("gizmos name:str boss_id:ref=bosses", "refers to unknown module bosses"),
        ("gizmos name:str boss_id:ref=gizmos", "refers to gizmos itself"),
        ("gizmos name:str?", "At least one str, text or email"),
        ("gizmos seats:int", "At least one str, text or email"),
        ("gizmos name:str name:text", "`name` conflicts with a name"),
        ("gizmos name:str short_text:str", "`ShortText` conflicts with a name"),
        ("gizmos name:str str:int", "`str` conflicts with a name"),
        (
            "gizmos email:email! email_key:int",
            "`email_key` conflicts with a name",
        ),
        (
            "gizmos name:str price:money min_price:bool",
            "`min_price` conflicts with a name",
        ),
        ("gizmos name:str lambda:int", "`lambda` is a reserved name"),
        (
            "gizmos " + " ".join(f"name_{n}:str" for n in range(30)),
            "would exceed 150 lines",
        ),
        *(
            (f"gizmos name:str {reserved}:int", f"`{reserved}` is a reserved name")
            for reserved in "id version created_at updated_at limit offset after count "
            "sort q metadata registry changes filters redacted self rowid search "
            "as_of by fields format include ctid xmin name_sort".split()
        ),
    ],
)
def test_invalid_arguments_are_rejected(
    repository: Path, before: dict[str, int], words: str, reason: str
) -> None:
    name, *fields = words.split()
    plural, _, singular = name.partition("/")
    with pytest.raises(RefusedException, match=reason):
        add_module(repository, parse_module(plural, singular, fields))
    assert times(repository) == before
