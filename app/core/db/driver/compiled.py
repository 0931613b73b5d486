"""A compiled statement: SQL text, order of the parameters, and value conversions.

SQLAlchemy derives them from the statement; they are kept, so that an execution only
converts values.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.sql.compiler import SQLCompiler

Row = dict[str, Any]
Values = Mapping[str, Any]
Parameters = tuple[Any, ...]
Converter = Callable[[Any], Any]


class Call(NamedTuple):
    """An execution by the driver: the text, and the parameters by position."""

    sql: str
    parameters: Parameters


class CompiledStatement:
    def __init__(self, is_dml: bool, compiled: SQLCompiler) -> None:
        self.compiled = compiled
        self.is_dml = is_dml
        self.names = [str(it.keyname) for it in compiled._result_columns]  # for orjson
        binders: Any = compiled._bind_processors
        self.binders: Mapping[str, Any] = binders
        self.is_expanding = bool(
            compiled.post_compile_params or compiled.literal_execute_params
        )
        self.positions: list[tuple[str, Converter | None]] = [
            (name, self.binders.get(name)) for name in compiled.positiontup or ()
        ]
        # Values that the statement contains, such as that of a LIMIT.
        self.constants = {
            name: bind.value
            for bind, name in compiled.bind_names.items()
            if not bind.required and bind.callable is None
        }
        # Values that are made at each execution.
        self.callables = {
            name: bind.callable
            for bind, name in compiled.bind_names.items()
            if bind.callable is not None
        }
        self.converters: list[tuple[int, Converter]] | None = None

    def given(self, values: Values) -> Values:
        """Return the values with those that the statement has itself."""
        if not self.callables:
            return {**self.constants, **values} if self.constants else values
        made = {name: make() for name, make in self.callables.items()}
        return {**self.constants, **made, **values}

    def call(self, values: Values) -> Call:
        """Return the call with these values, by the names of the parameters."""
        if self.is_expanding:
            return self._expanded(dict(values))
        parameters = [
            binder(values[name]) if binder else values[name]
            for name, binder in self.positions
        ]
        return Call(self.compiled.string, tuple(parameters))

    def _expanded(self, values: Row) -> Call:
        """Return a call whose text has a parameter for each value of an IN."""
        state = self.compiled._process_parameters_for_postcompile(values)
        binders = {**self.binders, **state.processors}
        parameters = [
            binders[name](state.parameters[name])
            if name in binders
            else state.parameters[name]
            for name in state.positiontup or ()
        ]
        return Call(state.statement, tuple(parameters))

    def set_types(self, types: Iterable[Any]) -> None:
        """Choose the converters of the result, given the driver's type of each column.

        PostgreSQL's driver returns other values for `numeric` than for `float8`.
        """
        dialect = self.compiled.dialect
        columns = self.compiled._result_columns
        found = [
            column.type._cached_result_processor(dialect, kind)
            for column, kind in zip(columns, types, strict=False)
        ]
        self.converters = [(place, each) for place, each in enumerate(found) if each]

    def read(self, records: Sequence[Sequence[Any]]) -> list[Row]:
        """Return each record as a dictionary, by the names of the columns."""
        if len(records) < 2:
            return [self.read_one(record) for record in records]
        # By column, which takes half the time of a conversion by row.
        columns: list[Any] = list(zip(*records, strict=True))
        for place, convert in self.converters or ():
            columns[place] = map(convert, columns[place])
        names = self.names
        return [
            dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)
        ]

    def read_one(self, record: Sequence[Any]) -> Row:
        values = list(record)
        for place, convert in self.converters or ():
            values[place] = convert(values[place])
        return dict(zip(self.names, values, strict=True))
