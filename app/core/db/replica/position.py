"""Identity of a server, and its position in the log of writes."""

from typing import NamedTuple

from sqlalchemy import BigInteger, func, literal_column, select

from app.core.db.driver.statements import Prepared
from app.core.db.session import DatabaseSession


class Server(NamedTuple):
    """`system` is equal on a primary and its replicas, and on no other server."""

    system: int
    database: str
    is_standby: bool
    position: int

    def follows(self, primary: "Server") -> bool:
        same = self[:2] == primary[:2]
        return same and self.is_standby and not primary.is_standby


SYSTEM = "(SELECT system_identifier FROM pg_control_system())"
# Commits are on disk before others see them, unless synchronous_commit is off.
POSITION = """
CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
ELSE pg_current_wal_flush_lsn() END - '0/0'
"""
SERVER = Prepared(
    select(
        literal_column(SYSTEM, BigInteger).label("system"),
        func.current_database().label("database"),
        func.pg_is_in_recovery().label("is_standby"),
        literal_column(f"({POSITION})::bigint", BigInteger).label("position"),
    )
)


async def read_server(session: DatabaseSession) -> Server:
    return Server(**(await session.rows(SERVER))[0])
