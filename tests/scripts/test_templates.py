"""What a new domain looks like, and what is refused: in one sentence, at once."""

import ast
from pathlib import Path

import pytest

from scripts.new_module import add_module
from scripts.templates.grammar import RefusedException, parse_field
from scripts.templates.module import Module, parse_module
from scripts.templates.render import fill_templates, tidy
from tests.scripts.copies import ROOT, copy_repository, tree


def write(name: str, table: str, fields: str) -> dict[Path, str]:
    """Return the files of a module, which may exist already."""
    module = Module(name, table, [parse_field(word) for word in fields.split()])
    return tidy(ROOT, fill_templates(module))


def test_what_is_written_is_short() -> None:
    files = write("gizmos", "gizmo", "code:str! name:str phone:str? notes:text")
    test = files.pop(Path("tests/modules/test_gizmos.py"))
    assert len(test.splitlines()) <= 14
    assert max(len(text.splitlines()) for text in files.values()) <= 65


def skeleton(text: str) -> str:
    """Return what a file says to Python alone, with no word of its docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = node.value if node.value.isidentifier() else ""
    return ast.dump(tree)


@pytest.mark.parametrize("layer", ["service", "routers"])
def test_what_is_written_by_hand_is_written_alike(layer: str) -> None:
    path = Path(f"app/modules/customers/{layer}.py")
    files = write("customers", "customer", "name:str email:email!")
    assert skeleton(files[path]) == skeleton((ROOT / path).read_text())


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the repository once: nobody here changes it."""
    return copy_repository(tmp_path_factory.mktemp("refused") / "copy")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Gizmos name:str", "`Gizmos` is no name"),
        ("2nds name:str", "`2nds` is no name"),
        ("giz-mos name:str", "`giz-mos` is no name"),
        ("giz__mos name:str", "`giz__mos` is no name"),
        (f"{'x' * 22}s name:str", "is no name: at most 22"),
        ("class name:str", "`class` means something else"),
        ("vars name:str", "`vars` means something else"),
        ("users name:str", "`users` means something else"),
        ("people name:str", "What is one of the people"),
        ("products name:str", "There is a path /api/v1/products already"),
        ("wares/product name:str", "There is a table `product` already"),
        ("problems name:str", "There is a class `Problem` already"),
        ("services name:str", "`get_service` would mean two things"),
        ("settings name:str", "`settings` would mean two things in alembic/env.py"),
        ("queries name:str", "`Query` would mean two things"),
        ("gizmos name", "`name` is not name:TYPE"),
        ("gizmos name:str!?", "`name:str!\\?` is not name:TYPE"),
        ("gizmos name:string", "There is no type `string`"),
        ("gizmos name:str note:text!", "`note` cannot be unique"),
        ("gizmos name:str=x", "`name:str=x` does not say what str needs"),
        ("gizmos name:str on:bool=yes", "does not say what bool needs"),
        ("gizmos name:str kind:enum", "does not say what enum needs"),
        ("gizmos name:str kind:enum=a", "does not say what enum needs"),
        ("gizmos name:str kind:enum=a|a", "does not say what enum needs"),
        ("gizmos name:str kind:enum=a|B", "does not say what enum needs"),
        ("gizmos name:str boss_id:ref", "does not say what ref needs"),
        ("gizmos name:str boss_id:ref=bosses", "no module `bosses` to refer to"),
        ("gizmos name:str?", "At least one str, text or email"),
        ("gizmos seats:int", "At least one str, text or email"),
        ("gizmos name:str name:text", "`name` would mean two things"),
        ("gizmos name:str line:str", "`Line` would mean two things"),
        ("gizmos name:str str:int", "`str` would mean two things"),
        ("gizmos email:email! email_key:int", "`email_key` would mean two things"),
        ("gizmos name:str price:money min_price:bool", "`min_price` would mean two"),
        ("gizmos name:str lambda:int", "`lambda` means something else"),
        ("gizmos " + " ".join(f"name_{n}:str" for n in range(30)), "no short file"),
        *(
            (f"gizmos name:str {reserved}:int", f"`{reserved}` means something else")
            for reserved in "id version created_at updated_at limit offset after count "
            "sort q metadata registry changes filters redacted self".split()
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    repository: Path, words: str, reason: str
) -> None:
    before = tree(repository)
    name, *fields = words.split()
    plural, _, singular = name.partition("/")
    with pytest.raises(RefusedException, match=reason):
        add_module(repository, parse_module(plural, singular, fields))
    assert tree(repository) == before
