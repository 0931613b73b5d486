"""Write the OpenAPI document to docs/openapi.json, which a test compares."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from app.core.startup.project_python import use_project_python

use_project_python()


from app.core.config import settings
from app.main import create_app

SNAPSHOT = ROOT / "docs" / "openapi.json"


def document() -> str:
    """Return the OpenAPI document of a development server as indented JSON."""
    app = create_app(settings.model_copy(update={"EXPOSE_DOCS": True}))
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(document(), encoding="utf-8")
    print(f"Wrote {SNAPSHOT.relative_to(ROOT)}")
