"""The settings of .env.example, instead of those that are exported or in .env.

Environment variables take precedence over .env, where a developer may have other ones.
"""

import re
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / ".env.example"
SETTINGS = re.compile(r"^([A-Z_]+)=(.*)$", re.MULTILINE)
DEFAULTS = dict(SETTINGS.findall(EXAMPLE.read_text(encoding="utf-8")))
