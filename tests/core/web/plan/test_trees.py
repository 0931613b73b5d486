"""Random trees of dependencies: a plan makes FastAPI's calls, in its order."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, Header
from fastapi.exceptions import DependencyScopeError
from hypothesis import assume, given
from hypothesis import strategies as st

from app.core.exceptions import ConflictException
from app.core.web.routing import Route, api_router
from tests.core.web.plan.client import client_of
from tests.hostile.strategies import max_examples

pytestmark = pytest.mark.slow

calls: list[str] = []
KINDS = ["coroutine", "function", "request"]


@dataclass(frozen=True)
class Node:
    """A dependency, or the endpoint. It needs nodes before it, by their numbers."""

    needs: list[int]
    kind: str
    has_header: bool
    fails: bool


@st.composite
def trees(draw: st.DrawFn) -> list[Node]:
    return [
        Node(
            draw(st.lists(st.integers(0, number - 1), min_size=1, max_size=3))
            if number
            else [],
            draw(st.sampled_from(KINDS)),
            draw(st.booleans()),
            draw(st.integers(0, 9)) == 0,
        )
        for number in range(draw(st.integers(3, 8)))
    ]


def make_coroutine(number: int, fails: bool) -> Callable[..., Any]:
    async def call(**values: Any) -> str:
        calls.append(f"{number} {values}")
        if fails:
            raise ConflictException(str(number))
        return f"{number}"

    return call


def make_generator(number: int, fails: bool) -> Callable[..., Any]:
    async def enter(**values: Any) -> AsyncIterator[str]:
        calls.append(f"open {number} {values}")
        try:
            yield f"{number}"
            if fails:
                raise ConflictException(str(number))
        except ConflictException as error:
            calls.append(f"{number} failed: {error}")
            raise
        finally:
            calls.append(f"close {number}")

    return enter


def build(tree: list[Node]) -> Callable[..., Any]:
    """Return the endpoint, which is the last node."""
    built: list[Callable[..., Any]] = []
    for number, node in enumerate(tree):
        is_last = number == len(tree) - 1
        makes = make_coroutine if is_last or node.kind == KINDS[0] else make_generator
        call: Any = makes(number, node.fails)
        needed = [(f"a{i}", tree[it], built[it]) for i, it in enumerate(node.needs)]
        arguments = {name: depends(each, call) for name, each, call in needed}
        if node.has_header:
            arguments["size"] = Annotated[int, Header(alias=f"h{number}")]
        call.__signature__ = Signature(
            [
                Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation)
                for name, annotation in arguments.items()
            ]
        )
        built.append(call)
    return built[-1]


def depends(node: Node, call: Callable[..., Any]) -> Any:
    scope: Any = node.kind if node.kind != KINDS[0] else None
    return Annotated[str, Depends(call, scope=scope)]


def answer(router: APIRouter, headers: dict[str, str]) -> tuple[Any, ...]:
    calls.clear()
    with client_of(router) as client:
        response = client.get("x", headers=headers)
    return response.status_code, response.content, list(calls)


@max_examples(150)
@given(trees(), st.lists(st.sampled_from("111x "), min_size=8, max_size=8))
def test_a_plan_makes_the_calls_of_fastapi(tree: list[Node], sent: list[str]) -> None:
    headers = {f"h{number}": value for number, value in enumerate(sent) if value != " "}
    plain, planned = APIRouter(prefix="/api/v1"), api_router("")
    try:
        endpoint = build(tree)
        for router in (plain, planned):
            router.get("/x", response_model=None)(endpoint)
    except DependencyScopeError:
        assume(False)
    (route,) = planned.routes
    assert isinstance(route, Route)
    assert route.planned is not None
    assert answer(planned, headers) == answer(plain, headers)
