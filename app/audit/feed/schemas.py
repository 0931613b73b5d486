"""Query parameters of the change feed."""

from typing import Any, Literal

from pydantic import Field

from app.audit.schemas import Text
from app.core.fields import Id
from app.core.schemas import Strict


class FeedQuery(Strict):
    entity: Text | None = Field(None, description="Class name, such as `Product`.")
    entity_id: Id | None = None
    actor_id: Id | None = None
    format: Literal["json", "ocsf"] = Field(
        "json", description="`ocsf`: events of the Open Cybersecurity Schema Framework."
    )

    def filters(self) -> dict[str, Any]:
        return self.model_dump(exclude={"format"}, exclude_none=True)
