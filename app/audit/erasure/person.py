"""A person whose data a record has: the record of a model with personal columns."""

from dataclasses import dataclass
from uuid import UUID

from app.audit.erasure.exceptions import UsageException
from app.core.db.personal.erased import erased_values
from app.core.models import Entity, entities, recorded_names


@dataclass(frozen=True)
class Person:
    model: type[Entity]
    id: UUID

    @property
    def name(self) -> str:
        return f"{self.model.__name__} {self.id}"

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the change log has for the class."""
        return recorded_names(self.model)

    def erased(self) -> dict[str, str | None]:
        """Return the values that an erasure leaves in the personal columns."""
        return erased_values(self.model, self.id)


def personal_models() -> list[type[Entity]]:
    return [it for it in entities() if it.personal]


def find_person(entity: str, id: UUID) -> Person:
    """Return the person; the name of the class, or a former one, may be in any case.

    Raises:
        UsageException: no class of this name has personal columns.
    """
    models = {it.__name__: it for it in personal_models()}
    for model in models.values():
        if entity.lower() in map(str.lower, recorded_names(model)):
            return Person(model, id)
    raise UsageException(
        f"No entity with personal columns: {entity}. There are {', '.join(models)}"
    )
