"""Rows without a leaf: not sealed yet, late, or never to be sealed."""

from app.audit.archive.logs import Log
from app.audit.archive.seals.cursor import Cursor, Horizon
from app.audit.archive.seals.order import OrderRepository
from app.audit.archive.verify.report import VerificationReport
from app.audit.archive.windows.window import StoredRow
from app.core.db.session import DatabaseSession


class UnsealedRows:
    """Count rows that will be sealed, and tell why a row will not."""

    def __init__(self, log: Log, report: VerificationReport) -> None:
        self.log = log
        self.report = report
        self.cursor = Cursor()
        self.horizon = Horizon()

    async def read_cursor(self, session: DatabaseSession) -> None:
        """Read up to where the log is sealed, before its rows are read."""
        self.cursor = await OrderRepository(session, self.log).get_cursor()

    async def read_horizon(self, session: DatabaseSession) -> None:
        """Read which numbers are given, after rows were read."""
        self.horizon = await OrderRepository(session, self.log).get_horizon()

    def find_error(self, found: StoredRow) -> str | None:
        """Return why a row without a leaf is a finding, or count it."""
        number = found.number
        if found.where != self.log.live.name:
            return "never sealed"
        if not isinstance(number, int | None):
            return None  # SQLite: another finding names it
        if number is not None and number >= self.horizon.own:
            return "its transaction is none that this database has had"
        if self.cursor.is_unsealed(number, found.key):
            self.report.add_unsealed(found.key[0])
        elif number is None and self.log.may_be_late:
            self.report.late += 1
        else:
            return "never sealed"
        return None
