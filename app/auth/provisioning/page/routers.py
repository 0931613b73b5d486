"""The page on which a user sets a password with a one-time link.

The token is in the URL's fragment, so this server never receives it with a page.
"""

from fastapi import APIRouter, Request, Response

from app.core.pages.routes import PAGE_POLICY, render
from app.core.web.routing import API

router = APIRouter(include_in_schema=False)


@router.get("/password")
async def show_password_page(request: Request) -> Response:
    min_length = request.app.state.settings.PASSWORD_MIN_LENGTH
    values = {"api": API, "min_length": min_length}
    return render(request, "password.html", PAGE_POLICY, values)
