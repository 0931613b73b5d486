"""Screens that each page must fit, and the check that it does."""

from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Page

WIDTH = "[document.documentElement.scrollWidth, innerWidth]"
COLOR = "getComputedStyle(document.body).backgroundColor"


@dataclass(frozen=True)
class Display:
    width: int
    scheme: Literal["light", "dark"]


DISPLAYS = [
    Display(width, scheme) for width in (360, 1280) for scheme in ("light", "dark")
]


def check_display(page: Page, display: Display) -> None:
    """Check that the page is no wider than the screen, and in the screen's colours."""
    page.set_viewport_size({"width": display.width, "height": 800})
    page.emulate_media(color_scheme=display.scheme)
    assert page.evaluate(WIDTH) == [display.width, display.width]
    color: str = page.evaluate(COLOR)
    is_dark = sum(int(part) for part in color[4:-1].split(",")) < 3 * 128
    assert is_dark == (display.scheme == "dark")
