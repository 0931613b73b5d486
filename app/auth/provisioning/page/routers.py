"""The page on which a user sets a password with a one-time link.

The token is in the URL's fragment, so this server never receives it with a page.
"""

from fastapi import FastAPI, Request, Response

from app.core.pages.routes import PAGE_POLICY, render
from app.core.web.routing import API


def install_password_page(app: FastAPI) -> None:
    values = {"api": API, "min_length": app.state.settings.PASSWORD_MIN_LENGTH}

    async def show_password_page(request: Request) -> Response:
        return render(request, "password.html", PAGE_POLICY, values)

    app.add_api_route("/password", show_password_page, include_in_schema=False)
