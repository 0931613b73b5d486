"""A client of one router, whose responses show all that errors say."""

from fastapi import APIRouter, FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import (
    RequestValidationError,
    ResponseValidationError,
    ValidationException,
)
from fastapi.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from app.core.context import Context, new_context
from app.core.handlers import install_handlers
from tests.clients import Client

FILE = ("endpoint_file", "endpoint_ctx")


async def show(request: Request, error: ValidationException) -> JSONResponse:
    # The file is the adapter's, which is not part of a plain route.
    told = {name: each for name, each in vars(error).items() if name not in FILE}
    return JSONResponse(jsonable_encoder(told), 422)


def client_of(router: APIRouter) -> Client:
    app = FastAPI()
    install_handlers(app)
    app.exception_handler(RequestValidationError)(show)
    app.exception_handler(ResponseValidationError)(show)
    app.router.routes.extend(router.routes)

    async def in_context(scope: Scope, receive: Receive, send: Send) -> None:
        with new_context(Context(request_id="1")):
            await app(scope, receive, send)

    return Client(in_context, base_url="http://test/api/v1/")
