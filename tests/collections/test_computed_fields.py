"""Fields that the schema of a response computes: in lists, exports and imports."""

from dataclasses import replace

from pydantic import computed_field

from app.collections.files.imports.planning.target import Target
from app.collections.lists.queries import list_query
from app.core.web.collections.resource import resource_of
from app.modules.products.routers import router
from app.modules.products.schemas import ProductQuery, ProductRead


class PenRead(ProductRead):
    @computed_field  # type: ignore[prop-decorator]  # as Pydantic documents it
    @property
    def label(self) -> str:
        return f"{self.sku}: {self.name}"


def test_a_computed_field_can_be_chosen_in_a_list() -> None:
    query = list_query(ProductQuery, PenRead, ())
    chosen = query.model_validate({"fields": ["label"]})
    assert dict(chosen)["fields"] == ("label",)


def test_the_file_of_an_export_with_a_computed_field_can_be_imported() -> None:
    target = Target.of(replace(resource_of(router), read=PenRead), None)
    assert target.unknown(["sku", "label", "colour"]) == ["colour"]
