"""Base classes of request and response schemas."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from app.core.text import clean


class Strict(BaseModel):
    """Base of requests: strict types, unknown fields are rejected, nothing changes."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        allow_inf_nan=False,
    )

    @model_validator(mode="before")
    @classmethod
    def clean_text(cls, data: Any) -> Any:
        return clean(data)


class Body(Strict):
    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Add an example made of the fields' examples."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        fields = schema.get("properties", {})
        schema["examples"] = [{name: example(fields[name]) for name in fields}]
        return schema

    def changes(self) -> dict[str, Any]:
        """Return only the fields that the client sent."""
        return self.model_dump(exclude_unset=True)


class Read(BaseModel):
    """Base of responses: the fields of every entity."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def shown(cls) -> list[str]:
        """Return the names of all fields, those that the schema computes included."""
        return [*cls.model_fields, *cls.model_computed_fields]


def example(field: JsonSchemaValue) -> Any:
    shown = field.get("examples") or [field.get("default")]
    for kind in field.get("anyOf", ()):
        # An optional reference is left out: there is no record with this id.
        if kind.get("format") != "uuid":
            shown = kind.get("examples", shown)
    return shown[0]


def optional() -> Any:
    """Return the default of a PATCH field that may be omitted but not null."""
    return Field(default_factory=lambda: None)
