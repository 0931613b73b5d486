"""Contrast of the pages' colours (WCAG 2.2), in both colour schemes."""

import re

import pytest

from tests.databases import ROOT

CSS = (ROOT / "app/core/pages/static/site.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--(\w+): (#\w{6})", block))
    for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
)
# 1.4.3: text; 1.4.11: what shows where an input is.
TEXT, EDGE = 4.5, 3.0
NEEDED = {"ink": TEXT, "faded": TEXT, "accent": TEXT, "alarm": TEXT, "edge": EDGE}


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("background", ["paper", "sheet"])
def test_colours_have_enough_contrast(colors: dict[str, str], background: str) -> None:
    found = {name: contrast(colors[name], colors[background]) for name in NEEDED}
    assert {name: it for name, it in found.items() if it < NEEDED[name]} == {}


def test_inputs_have_such_an_edge() -> None:
    css = (ROOT / "app/audit/page/static/audit.css").read_text()
    assert "border: 1px solid var(--edge)" in css.partition("input, select {")[2][:120]
