"""Time limits of PostgreSQL for a connection, as start-up parameters or as SQL."""

from typing import NamedTuple


class Limits(NamedTuple):
    """In seconds; 0 is no limit."""

    statement: float
    lock: float
    idle_in_transaction: float

    @classmethod
    def equal(cls, seconds: float) -> "Limits":
        return cls(seconds, seconds, seconds)

    def parameters(self) -> dict[str, str]:
        return {
            "statement_timeout": milliseconds(self.statement),
            "lock_timeout": milliseconds(self.lock),
            "idle_in_transaction_session_timeout": milliseconds(
                self.idle_in_transaction
            ),
        }

    def for_transaction(self) -> str:
        """Return the statements that limit one transaction."""
        values = self.parameters().items()
        return " ".join(f"SET LOCAL {name} = {value};" for name, value in values)


# Statements of a migration take their time, but none waits long for a lock: it would
# block all later requests for that.
MIGRATION_LIMITS = Limits(statement=0, lock=5, idle_in_transaction=0)


def milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
