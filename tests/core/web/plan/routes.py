"""Routes with all kinds of parameters and dependencies, which record their calls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    Header,
    Path,
    Request,
    Response,
)
from fastapi.requests import HTTPConnection
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask

from app.core.exceptions import AppException, ConflictException

calls: list[str] = []


class Unauthorized(AppException):
    status = 401
    headers = {"WWW-Authenticate": "Bearer"}


class Pen(BaseModel):
    name: str
    size: int = 1


async def get_trace(trace: Annotated[int, Header()]) -> int:
    calls.append("trace")
    return trace


async def get_left(trace: Annotated[int, Depends(get_trace)]) -> str:
    calls.append("left")
    return f"left {trace}"


class Right:
    """A callable object, as PermissionChecker is."""

    async def __call__(
        self,
        trace: Annotated[int, Depends(get_trace)],
        token: Annotated[int, Cookie()] = 0,
    ) -> str:
        calls.append("right")
        return f"right {trace} {token}"


async def require_user(request: Request, response: Response) -> None:
    calls.append("user")
    if "authorization" not in request.headers:
        raise Unauthorized("Log in first")
    response.headers["X-User"] = "root"


async def set_status(response: Response) -> None:
    response.status_code = 202
    response.headers.append("X-Two", "1")
    response.headers.append("X-Two", "2")


@asynccontextmanager
async def opened(name: str, request: Request) -> AsyncIterator[str]:
    calls.append(f"open {name}")
    try:
        yield name
        if request.headers.get("fail") == name:
            raise ConflictException(f"{name} cannot be closed")
    except ConflictException:
        calls.append(f"roll back {name}")
        if request.headers.get("suppress") != name:
            raise
    finally:
        calls.append(f"close {name}")


async def get_outer(request: Request) -> AsyncIterator[str]:
    async with opened("outer", request) as each:
        yield each


async def get_session(
    request: Request, outer: Annotated[str, Depends(get_outer)]
) -> AsyncIterator[str]:
    async with opened("session", request) as each:
        yield f"{outer} {each}"


async def get_lock(request: Request) -> AsyncIterator[str]:
    async with opened("lock", request) as each:
        yield each


Left = Annotated[str, Depends(get_left)]
RightDep = Annotated[str, Depends(Right())]
Session = Annotated[str, Depends(get_session, scope="function")]
Outer = Annotated[str, Depends(get_outer)]
Lock = Annotated[str, Depends(get_lock, scope="function")]


async def read_parameters(  # noqa: PLR0913, PLR0917
    id: UUID,
    number: Annotated[int, Path(ge=1, alias="no")],
    request: Request,
    connection: HTTPConnection,
    tasks: BackgroundTasks,
    x_size: Annotated[int, Header()],
    x_names: Annotated[list[str] | None, Header()] = None,
    code: Annotated[str, Cookie(min_length=2)] = "none",
) -> dict[str, Any]:
    calls.append("endpoint")
    tasks.add_task(calls.append, "task")
    same = connection is request
    return {"all": [id, number, same, x_size, x_names, code, request.method]}


async def read_shared(left: Left, right: RightDep) -> list[str]:
    calls.append("endpoint")
    return [left, right]


async def write_guarded(left: Left, pen: Pen, id: UUID) -> Pen:
    calls.append("endpoint")
    return pen


async def write_two(pen: Pen, other: Pen, note: Annotated[str, Body()] = "") -> Pen:
    return pen if note else other


async def write_embedded(pen: Annotated[Pen, Body(embed=True)]) -> Pen:
    return pen


async def write_optional(pen: Pen | None = None) -> Pen | None:
    return pen


async def use_generators(
    session: Session, lock: Lock, outer: Outer, fail: Annotated[str, Header()] = ""
) -> Response:
    calls.append("endpoint")
    if fail == "endpoint":
        raise ConflictException("The endpoint fails")
    if fail == "crash":
        raise ZeroDivisionError
    return PlainTextResponse(f"{session} {lock} {outer}")


async def write_in_session(session: Session, pen: Pen) -> Pen:
    calls.append("endpoint")
    return pen


async def return_status(status: Annotated[int, Header()]) -> Any:
    return Response(status_code=status, headers={"X-Own": "1"})


async def get_name(pen: Pen) -> str:
    calls.append("name")
    return pen.name


async def write_name(name: Annotated[str, Depends(get_name)]) -> str:
    return name


async def write_both(name: Annotated[str, Depends(get_name)], note: Pen) -> list[Any]:
    return [name, note]


async def respond_later(tasks: BackgroundTasks, own: Annotated[int, Header()]) -> Any:
    tasks.add_task(calls.append, "task")
    background = BackgroundTask(calls.append, "own") if own else None
    return Response(b"later", background=background)


async def return_nothing() -> None:
    calls.append("endpoint")


async def return_wrong() -> Any:
    return {"size": "large"}


async def return_text(name: str) -> str:
    return name


async def return_pen() -> Pen:
    return Pen(name="Pen")


def add_routes(router: APIRouter) -> APIRouter:
    user = [Depends(require_user)]
    router.get("/parameters/{id}/{no}")(read_parameters)
    router.get("/shared")(read_shared)
    router.post("/guarded/{id}", status_code=201, dependencies=user)(write_guarded)
    router.post("/two")(write_two)
    router.post("/embedded")(write_embedded)
    router.post("/optional")(write_optional)
    router.get("/generators")(use_generators)
    router.post("/session")(write_in_session)
    router.get("/status", dependencies=[Depends(set_status)])(return_status)
    router.delete("/nothing", status_code=204, dependencies=user)(return_nothing)
    router.post("/name")(write_name)
    router.post("/both")(write_both)
    router.get("/later")(respond_later)
    router.post("/accepted", status_code=201, dependencies=[Depends(set_status)])(
        return_pen
    )
    router.get("/wrong", response_model=Pen)(return_wrong)
    router.get("/text/{name:path}", response_class=PlainTextResponse)(return_text)
    router.get("/accepted", dependencies=[Depends(set_status)])(return_pen)
    router.get("/unset", response_model_exclude_unset=True)(return_pen)
    return router
