"""The table of attacks, as it is printed in docs/AUDIT_PROOF.md."""

from collections.abc import Iterator

from tests.audit.archive.attacks.attack import Adversary, Attack, Findings
from tests.audit.archive.attacks.table_cold import COLD_ATTACKS
from tests.audit.archive.attacks.table_events import EVENTS
from tests.audit.archive.attacks.table_files import FILE_ATTACKS
from tests.audit.archive.attacks.table_old_seals import OLD_SEAL_ATTACKS
from tests.audit.archive.attacks.table_records import RECORD_ATTACKS
from tests.audit.archive.attacks.table_rows import ROW_ATTACKS
from tests.audit.archive.attacks.table_schemas import SCHEMA_ATTACKS
from tests.audit.archive.attacks.table_seals import SEAL_ATTACKS
from tests.audit.archive.attacks.table_tree import TREE_ATTACKS

ATTACKS = [
    *ROW_ATTACKS,
    *SEAL_ATTACKS,
    *TREE_ATTACKS,
    *OLD_SEAL_ATTACKS,
    *SCHEMA_ATTACKS,
    *RECORD_ATTACKS,
    *FILE_ATTACKS,
    *COLD_ATTACKS,
    *EVENTS,
]
# Tests elsewhere: adversary, attack, found by, finding.
ELSEWHERE = (
    (
        Adversary.INSTALLATION,
        "another database adopts the folder",
        "`tests/audit/archive/adopt/test_unrelated.py`",
        "refused: the contradictions are listed",
    ),
    (
        Adversary.TIME,
        "a migration renames a column of a record",
        "`tests/audit/history/test_renamed.py`",
        "nothing: history and revert map the former name",
    ),
    (
        Adversary.DEVELOPER,
        "writes in each way that SQLAlchemy or a driver offers",
        "`tests/audit/changes/test_matrix.py`, `test_records.py`",
        "recorded or refused, as listed in [Changes](AUDIT_GUIDE.md#changes)",
    ),
)


def print_attacks() -> Iterator[str]:
    yield "| adversary | attack | found by | finding |"
    yield "|---|---|---|---|"
    rows = [describe(attack) for attack in ATTACKS] + [*ELSEWHERE]
    for adversary in Adversary:
        for row in rows:
            if row[0] is adversary:
                yield f"| {' | '.join(row)} |"


def describe(attack: Attack) -> tuple[Adversary, str, str, str]:
    found = [kinds(attack.found)] if attack.found else []
    if attack.without_evidence is not None:
        found.append(f"without a checkpoint {kinds(attack.without_evidence)}")
    if attack.inconsistent:
        found.append(f"“…{attack.inconsistent}…”")
    nothing = "refused" if attack.refused else "nothing is reported"
    text = "; ".join(found) or nothing
    note = f"{text}: {attack.note}" if attack.note else text
    return attack.adversary, attack.sentence, found_by(attack), note


def found_by(attack: Attack) -> str:
    checks = ["verify"] if attack.found else []
    checks += ["check_audit.py"] if attack.inconsistent else []
    names = [f"`{name}`" for name in [*checks, *attack.refused]]
    return ", ".join(names) or "—"


def kinds(findings: Findings) -> str:
    names = [f"`{kind}`" for kind in findings]
    return ", ".join(names) or "nothing"
