"""Relationships of entities that their past states have."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import MANYTOONE, RelationshipProperty

from app.audit.history.exceptions import UnknownStateException
from app.core.models import Entity, entities

Model = type[Entity]
Relation = RelationshipProperty[Any]


def owned_relations(model: Model) -> list[Relation]:
    """Return the relationships to the rows that are deleted with the entity."""
    relations = inspect(model).relationships
    owned = [it for it in relations if it.cascade.delete and not it.viewonly]
    return [it for it in owned if it.direction is not MANYTOONE]


def is_by_id(relation: Relation) -> bool:
    """Return whether the relationship consists of foreign keys to ids alone."""
    pairs = relation.local_remote_pairs or []
    number = 1 if relation.secondary is None else 2
    are_ids = all("id" in (local.key, remote.key) for local, remote in pairs)
    return len(relation.remote_side) == len(pairs) == number and are_ids


def link_of(relation: Relation) -> tuple[Model, str, str]:
    """Return the entity of the link table, and its keys of the owner and the target.

    Raises:
        UnknownStateException: the table holds no entities, so it has no past.
    """
    for model in entities():
        if model.__table__ is relation.secondary:
            ((_, own),) = relation.synchronize_pairs
            ((_, other),) = relation.secondary_synchronize_pairs or []
            return model, str(own.key), str(other.key)
    raise UnknownStateException(relation.parent.class_.__name__, {relation.key})
