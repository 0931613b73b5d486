"""Each attack is reported, or refused, by the commands that the table names.

The table is printed in docs/AUDIT_PROOF.md.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from app.audit.archive.exceptions import ArchiveException
from tests.audit.archive.attacks.acts.target import Target
from tests.audit.archive.attacks.attack import Adversary, Attack, Base, Command
from tests.audit.archive.attacks.conftest import Originals
from tests.audit.archive.attacks.outcome import Observer
from tests.audit.archive.attacks.table import ATTACKS
from tests.audit.archive.attacks.table_schemas import SCHEMA_ATTACKS
from tests.audit.archive.rows import AuditLog
from tests.databases import SECRET

pytestmark = pytest.mark.slow

Copies = Callable[[Base], AuditLog]
# Events are what the application itself does; all other acts are the attacker's.
ACTS = [
    path
    for path in sorted((Path(__file__).parent / "acts").glob("*.py"))
    if path.stem not in {"__init__", "events"}
]


# Attacks whose acts, or outcomes, differ between the databases.
OWN = [*SCHEMA_ATTACKS, *(each for each in ATTACKS if each.on_postgresql)]
OTHERS = [each for each in ATTACKS if each not in OWN]
OPTIONAL = ("second", "second_refused", "without_evidence", "inconsistent", "note")


def mark_repeated(attacks: list[Attack]) -> Iterator[Any]:
    """Mark an attack as heavy if those before have the same findings and features."""
    tried = set[object]()
    for attack in attacks:
        features = {attack.base, attack.adversary, attack.refused, *attack.found}
        features |= {name for name in OPTIONAL if getattr(attack, name)}
        is_repeated = features <= tried
        tried |= features
        yield pytest.param(attack, marks=[pytest.mark.heavy] * is_repeated)


@pytest.mark.either
@pytest.mark.parametrize("attack", [*mark_repeated(OTHERS)], ids=lambda each: each.name)
def test_attacks(originals: Originals, copies: Copies, attack: Attack) -> None:
    check(attack, originals, copies)


@pytest.mark.parametrize("attack", OWN, ids=lambda each: each.name)
def test_attacks_on_each_database(
    originals: Originals, copies: Copies, attack: Attack
) -> None:
    check(attack, originals, copies)


def check(attack: Attack, originals: Originals, copies: Copies) -> None:
    audit_log, original = copies(attack.base), originals(attack.base)
    attack.act(Target(audit_log.settings.DATABASE_URL, audit_log.directory))
    if attack.second:
        act_as_second(attack, copies(attack.second_base or attack.base), audit_log)
    attack.then(audit_log)
    outcome = Observer(audit_log, attack, original.evidence).observe()
    is_postgresql = audit_log.settings.DATABASE_URL.startswith("postgresql")
    other = attack.on_postgresql if is_postgresql else {}
    assert outcome.found == attack.found | other
    assert outcome.without_evidence == attack.without_evidence
    assert outcome.refused == [*attack.refused]
    assert bool(outcome.inconsistent) == bool(attack.inconsistent)
    assert attack.inconsistent in "; ".join(outcome.inconsistent)
    for command in (Command.QUERY, Command.RESTORE):
        answers = outcome.archived_lines(command)
        assert answers <= original.live | original.archived
        if attack.adversary is Adversary.STORAGE and command not in attack.refused:
            assert answers >= original.archived


def act_as_second(attack: Attack, second: AuditLog, audit_log: AuditLog) -> None:
    second = audit_log.with_settings(second.settings)
    assert attack.second
    if attack.second_refused:
        with pytest.raises(ArchiveException):
            attack.second(second)
    else:
        attack.second(second)


def test_the_attacker_has_no_key(copies: Copies) -> None:
    audit_log = copies(Base.LIVE)
    target = Target(audit_log.settings.DATABASE_URL, audit_log.directory)
    assert [each.name for each in fields(target)] == ["url", "folder"]
    for file in target.folder.parent.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()
    assert SECRET not in repr(target)


@pytest.mark.parametrize("path", ACTS, ids=lambda each: each.stem)
def test_the_attacker_s_code_cannot_read_the_settings(path: Path) -> None:
    names = " ".join([*imports(path)])
    assert "settings" not in names
    assert not {"Signer", "Sealer", "SigningKeys"} & {*names.split()}
    assert "AuditLog" not in names
    assert "os" not in names.split()
    assert "databases" not in names


def imports(path: Path) -> Iterator[str]:
    """Yield the modules and names that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.name for alias in node.names)
            yield from getattr(node, "module", "").split(".")
