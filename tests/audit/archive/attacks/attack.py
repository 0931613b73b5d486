"""Definition of an attack, or of a fault, and of what is reported afterwards."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum

from app.audit.archive.verify.report import FindingKind
from tests.audit.archive.attacks.acts.target import Target
from tests.audit.archive.rows import AuditLog

Findings = dict[FindingKind, int]
Act = Callable[[Target], None]
Event = Callable[[AuditLog], object]


class Adversary(StrEnum):
    DATABASE = "A. database administrator"
    STORAGE = "B. storage administrator"
    INSTALLATION = "C. second installation"
    TIME = "D. time"
    DEVELOPER = "E. the application's developer"


class Base(StrEnum):
    """Logs before the attack: mostly archived, or all live, and sealed.

    LARGE are live, with a tree that has tiles. COLD are mostly archived, with seals
    whose leaves are emptied. UPGRADED are live, and were sealed by
    the release before the tree. OTHER are those of another database, without a seal.
    """

    ARCHIVED = "archived"
    LIVE = "live"
    LARGE = "large"
    COLD = "cold"
    UPGRADED = "upgraded"
    OTHER = "other"


class Command(StrEnum):
    QUERY = "query"
    RESTORE = "restore"
    RUN = "run"


def do_nothing(_: object) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Attack:
    """Action of an adversary, and the expected reports.

    `act` has the URL of the database and the folder, but no key. Then `second`, another
    installation with the folder of this one and the same key, does something: with a
    copy of the database, or with that of `second_base`. Afterwards the application,
    which has the key, does `then`.

    `found` is what `verify` reports without a checkpoint. If `without_evidence` is
    given, that is what it reports without one, and `found` what it reports with one:
    the newest seals, exported before the attack. `refused` are the commands that
    refuse, of `query` the rows or files. `inconsistent` is what the consistency check
    reports. `on_postgresql` are counts of `found` that differ there: the rows of an
    access file stay until those of its month are archived. `note` says why that is all.
    """

    sentence: str
    act: Act = do_nothing
    found: Findings = field(default_factory=dict)
    without_evidence: Findings | None = None
    refused: tuple[Command, ...] = ()
    _: KW_ONLY
    adversary: Adversary = Adversary.DATABASE
    then: Event = do_nothing
    second: Event | None = None
    second_base: Base | None = None
    second_refused: bool = False
    base: Base = Base.ARCHIVED
    inconsistent: str = ""
    on_postgresql: Findings = field(default_factory=dict)
    note: str = ""

    @property
    def name(self) -> str:
        """The names of what is done, for the test's id."""
        done = (self.act, self.second or do_nothing, self.then)
        return "-".join(each.__name__ for each in done if each is not do_nothing)

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands to try: all, unless only the database was attacked."""
        return self.refused if self.adversary is Adversary.DATABASE else (*Command,)
