"""Field of a generated module, with its code for each template."""

from collections.abc import Iterator
from dataclasses import dataclass

from scripts.templates.kinds import KINDS, Kind
from scripts.templates.prose import class_name


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    argument: str
    is_null: bool
    is_unique: bool
    entity: str = ""  # the class that owns the field
    table: str = ""  # the table that a `ref` refers to

    @property
    def kind(self) -> Kind:
        return KINDS[self.type]

    @property
    def is_collated(self) -> bool:
        return self.kind.is_text and self.kind.is_sorted

    @property
    def label(self) -> str:
        return self.name.replace("_", " ").replace("email", "e-mail")

    @property
    def alias(self) -> str:
        return class_name(self.name)

    @property
    def enum(self) -> str:
        # Prefixed by the entity, because two modules may both have a status.
        return self.entity + self.alias

    @property
    def choices(self) -> list[str]:
        return self.argument.split("|") if self.type == "enum" else []

    @property
    def decimal(self) -> str:
        return f"1.5{'0' * (int(self.argument) - 1)}" if self.type == "decimal" else ""

    @property
    def pattern(self) -> str:
        return self.argument.rpartition(",")[0]

    @property
    def example(self) -> str:
        return self.argument.rpartition(",")[2]

    @property
    def default(self) -> str:
        return "None" if self.is_null else self.filled(self.kind.default)

    @property
    def then(self) -> str:
        """Return what the tests change it to, or "" to leave it as it is.

        An enum never gets its last value, which may lock the record: paid, closed.
        """
        is_short = self.type == "enum" and len(self.choices) < 3
        return "" if is_short else self.filled(self.kind.then)

    @property
    def is_required(self) -> bool:
        return not self.default

    @property
    def python(self) -> str:
        return self.filled(self.kind.python) + self._or_null

    @property
    def wire(self) -> str:
        return self.filled(self.kind.wire) + self._or_null

    @property
    def _or_null(self) -> str:
        return " | None" if self.is_null else ""

    @property
    def has_key(self) -> bool:
        """Return whether the field has a second column with its canonical form."""
        return self.type == "email" and self.is_unique

    @property
    def column(self) -> str:
        """Return the arguments of the column's Field()."""
        index = "index=True" if self.kind.is_indexed else ""
        if self.is_unique:
            index = "" if self.has_key else "unique=True"
        parts = (self.default, self.filled(self.kind.column), index)
        return ", ".join(part for part in parts if part)

    def filters(self) -> Iterator[tuple[str, str]]:
        """Yield the name and the operator of each filter of the list endpoint."""
        for name, operator in self.kind.filters.items():
            yield self.filled(name), operator

    def filled(self, piece: str) -> str:
        choices = self.choices or [""]
        return piece.format(
            name=self.name,
            stem=self.name.removesuffix("_at"),
            alias=self.alias,
            label=self.label,
            title=self.label.capitalize(),
            enum=self.enum,
            table=self.table,
            is_null=self.is_null,
            argument=self.argument == "true",
            opposite=self.argument != "true",
            initial=choices[0].upper(),
            places=self.argument,
            decimal=self.decimal,
            example=self.example,
            second=choices[1:2] and choices[1],
        )
