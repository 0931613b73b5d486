"""Prepared statements in a transaction, executed in a greenlet.

On the connection of a session of the ORM, or on one that records use.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.util import immutabledict

from app.core.db.driver.compiled import Call, Row, Values
from app.core.db.driver.drivers import DRIVERS, Driver
from app.core.db.driver.statements import PreparedStatement, Statement, resolve
from app.core.db.driver.transaction import begin_unless_begun

Options = Mapping[str, Any]
NONE: Options = immutabledict()
BEGIN = Call("BEGIN", ())


class Context(NamedTuple):
    """Context of an execution, as far as listeners read it."""

    execution_options: Options


NO_OPTIONS = Context(NONE)


def fetch(
    connection: Connection,
    statement: Statement,
    values: Values = NONE,
    options: Options = NONE,
) -> list[Row]:
    """Execute a statement, and return its rows.

    Raises:
        DBAPIError: as SQLAlchemy raises it for this error of the driver.
        TimeoutError: the driver has not answered in time.
    """
    driver = begun_driver(connection)
    compiled, call = resolve(statement, values, connection.dialect)
    call = notify(connection, call, options)
    try:
        if compiled.converters is None:
            compiled.set_types(driver.column_types(call.sql))
        records = driver.fetch(*call)
    except BaseException as error:
        driver.fail(error, call)
    return compiled.read(records)


def change(
    connection: Connection,
    statement: PreparedStatement,
    values: Values,
    options: Options = NONE,
) -> int:
    """Execute an INSERT, UPDATE or DELETE, and return the number of its rows."""
    driver = begun_driver(connection)
    call = bound(driver, statement, values)
    call = notify(connection, call, options)
    try:
        return driver.change(*call)
    except BaseException as error:
        driver.fail(error, call)


def change_many(
    connection: Connection,
    statement: PreparedStatement,
    many: Sequence[Values],
    options: Options = NONE,
) -> None:
    """Execute an INSERT of many rows, of one kind."""
    driver = begun_driver(connection)
    calls = [bound(driver, statement, values) for values in many]
    call = Call(calls[0].sql, tuple(each.parameters for each in calls))
    call = notify(connection, call, options)
    try:
        driver.change_many(*call)
    except BaseException as error:
        driver.fail(error, call)


def command(connection: Connection, sql: str) -> None:
    """Execute a statement such as SAVEPOINT, which changes no rows."""
    driver = begun_driver(connection)
    call = notify(connection, Call(sql, ()))
    try:
        driver.command(call.sql)
    except BaseException as error:
        driver.fail(error, call)


def begun_driver(connection: Connection) -> Driver:
    """Return the driver of the connection, whose transaction has begun."""
    begin_unless_begun(connection)
    driver = DRIVERS[connection.dialect.name](connection)
    try:
        driver.start()
    except BaseException as error:
        driver.fail(error, BEGIN)
    return driver


def bound(driver: Driver, statement: PreparedStatement, values: Values) -> Call:
    """Return the call with these values; StatementError if one can't be converted."""
    connection: Any = driver.connection
    compiled = statement.on(connection.dialect)
    try:
        return compiled.call(compiled.given(values))
    except Exception as error:
        sql = compiled.compiled.string
        connection._handle_dbapi_exception(error, sql, None, None, None)
        raise


def notify(connection: Connection, call: Call, options: Options = NONE) -> Call:
    """Emit the engine's event before each execution: the audit's guard listens."""
    context = Context(options) if options else NO_OPTIONS
    sql, given = call
    is_many = bool(given) and isinstance(given[0], tuple)
    for listener in connection.engine.dispatch.before_cursor_execute:
        sql, given = listener(connection, None, sql, given, context, is_many)
    is_same = sql is call.sql and given is call.parameters
    return call if is_same else Call(sql, given)
