"""Undocumented interfaces that the application relies on, one assertion each.

An upgrade of a framework that breaks one of them fails here, and names what it breaks.
"""

import sqlite3
from asyncio import Lock, current_task
from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from inspect import getsource, iscoroutinefunction, signature
from io import StringIO
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy
import uvicorn
from anyio import CancelScope
from anyio._backends._asyncio import _task_states
from dotenv.parser import parse_stream
from fastapi import APIRouter, Body, FastAPI, Header, Request
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies import models
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import (
    get_dependant,
    get_validation_alias,
    request_body_to_args,
    request_params_to_args,
)
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.routing import (
    APIRoute,
    RouteContext,
    _extract_endpoint_context,
    iter_route_contexts,
    request_response,
    serialize_response,
)
from fastapi.testclient import TestClient
from fastapi.utils import get_path_param_names, is_body_allowed_for_status_code
from opentelemetry.sdk.trace import TracerProvider
from sqlalchemy import (
    AsyncAdaptedQueuePool,
    MetaData,
    Pool,
    create_engine,
    event,
    select,
)
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_cursor
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, class_mapper, configure_mappers, persistence
from sqlalchemy.util import LRUCache, await_
from sqlmodel import Field, SQLModel
from starlette._utils import get_route_path
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY
from starlette.routing import Route as StarletteRoute
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.supervisors import multiprocess

from app.auth.models import User
from app.core.models import Entity
from app.core.pages.assets import LIBRARIES
from app.core.pages.routes import REDOC, SWAGGER_UI
from app.core.web.server.workers import Worker
from app.modules.products.models import Product

PRODUCTS = Product.__table__
SQLITE = sqlite.dialect()


def test_fastapi_reads_the_dependant_of_a_route_when_it_makes_the_handler() -> None:
    """routing.py removes the query parameters first, as it parses queries itself."""
    seen: list[Dependant] = []

    class Route(APIRoute):
        def get_route_handler(self) -> Any:
            seen.append(self.dependant)
            return super().get_route_handler()

    async def read(q: str) -> None: ...

    router = APIRouter(route_class=Route)
    router.get("/")(read)
    (dependant,) = seen
    assert [each.name for each in dependant.query_params] == ["q"]
    names = {each.name for each in fields(Dependant)}
    assert names >= {"query_params", "dependencies", "call"}


def test_fastapi_finds_what_a_route_depends_on() -> None:
    """plan.py reads these attributes, and falls back to FastAPI for some of them."""
    assert {each.name for each in fields(Dependant)} == {
        *("name", "call", "path", "dependencies", "scope", "use_cache", "concurrency"),
        *("path_params", "query_params", "header_params", "cookie_params"),
        *("body_params", "request_param_name", "response_param_name"),
        *("background_tasks_param_name", "http_connection_param_name"),
        *("websocket_param_name", "security_scopes_param_name"),
        *("own_oauth_scopes", "parent_oauth_scopes"),
    }
    one, two = (get_dependant(path="/", call=call) for call in (list, list))
    assert models._get_cache_key(dependant=one) == models._get_cache_key(dependant=two)


def test_fastapi_classifies_the_functions_that_a_route_depends_on() -> None:
    """plan.py enters asynchronous generators, and awaits coroutines."""

    async def enter() -> AsyncIterator[int]:
        yield 1

    async def get() -> int:
        return 1

    for call, kinds in (
        (enter, (False, True, False)),
        (get, (True, False, False)),
        (fields, (False, False, False)),
    ):
        assert kinds == (
            models._is_coroutine_callable(call),
            models._is_async_gen_callable(call),
            models._is_gen_callable(call),
        )
    scopes = [
        models._get_computed_scope(dependant=each)
        for each in (Dependant(call=enter), Dependant(call=enter, scope="function"))
    ]
    assert scopes == ["request", "function"]


@pytest.mark.anyio
async def test_fastapi_validates_parameters_by_their_fields() -> None:
    """call.py calls these functions, and validates parameters of the path itself."""

    async def read(
        number: int, size: Annotated[int, Header()], pens: Annotated[list[int], Body()]
    ) -> None: ...

    dependant = get_dependant(path="/{number}", call=read)
    assert get_path_param_names("/{number}") == {"number"}
    (field,) = dependant.path_params
    assert get_validation_alias(field) == "number"
    assert field.validate("1", loc=("path", "number")) == (1, [])
    _, (error,) = field.validate("x", loc=("path", "number"))
    assert error["loc"] == ("path", "number")
    headers = Headers({"size": "2"})
    found = request_params_to_args(dependant.header_params, headers)
    assert found == ({"size": 2}, [])
    body = await request_body_to_args(dependant.body_params, [3], False)
    assert body == ({"pens": [3]}, [])


@pytest.mark.anyio
async def test_fastapi_serializes_results_by_the_response_model() -> None:
    """responder.py makes responses with these functions and attributes."""

    async def read() -> list[int]:
        return [1]

    route = APIRoute("/", read)
    field = route.response_field
    for writes_json, expected in ((True, b"[1]"), (False, [1])):
        content = await serialize_response(
            field=field, response_content=[1], dump_json=writes_json
        )
        assert content == expected
    assert isinstance(route.response_class, DefaultPlaceholder)
    assert route.response_class.value is JSONResponse
    assert not is_body_allowed_for_status_code(204)
    assert _extract_endpoint_context(read).get("function") == "read"
    assert not route._embed_body_fields


def test_fastapi_calls_the_application_of_a_route() -> None:
    """Route replaces the attribute, and asks for FastAPI's with `request_response`."""
    app = FastAPI(openapi_url=None)
    app.get("/")(lambda: 1)
    (route,) = app.routes
    assert isinstance(route, APIRoute)
    answers = []
    for answer in ("one", "two"):

        async def handle(request: Request, answer: str = answer) -> PlainTextResponse:
            return PlainTextResponse(answer)

        route.app = request_response(handle)
        answers.append(TestClient(app).get("/").text)
    assert answers == ["one", "two"]


@pytest.mark.parametrize("provider", [None, TracerProvider()])
def test_the_scope_of_a_request_with_spans_holds_them(
    provider: TracerProvider | None,
) -> None:
    """Route then leaves the request to FastAPI, which measures each step."""
    app = FastAPI(telemetry={"tracer_provider": provider})
    found: list[Any] = []

    @app.get("/")
    async def read(request: Request) -> None:
        found.append(request.scope.get("fastapi.telemetry"))

    TestClient(app).get("/")
    assert (found[0] is None) == (provider is None)


@pytest.mark.anyio
async def test_anyio_holds_the_scope_of_each_task() -> None:
    """Route then leaves the request to FastAPI, which shields the cleanup."""
    task = current_task()
    assert task
    with CancelScope() as scope:
        assert _task_states[task].cancel_scope is scope


def test_fastapi_lists_the_routes_of_included_routers() -> None:
    """handlers.py collects the methods of a path for the Allow header."""
    inner, app = APIRouter(), FastAPI(openapi_url=None)
    inner.get("/inner")(lambda: None)
    app.include_router(inner, prefix="/outer")
    (route,) = iter_route_contexts(app.routes)
    assert isinstance(route, RouteContext)
    assert (route.path, route.methods) == ("/outer/inner", {"GET"})


def test_fastapi_serves_routes_in_the_order_of_the_list() -> None:
    """`Application.add` extends this list, as included routes are matched twice."""
    app, router = FastAPI(), APIRouter()
    router.get("/{id}")(lambda id: "record")
    router.get("/first")(lambda: "first")
    app.router.routes.extend(reversed(router.routes))
    assert TestClient(app).get("/first").json() == "first"


def test_starlette_matches_the_path_without_its_prefix() -> None:
    """address.py, handlers.py and middleware.py ask for the path that routes match."""
    for path in ("/shop/x", "/x"):
        assert get_route_path({"path": path, "root_path": "/shop"}) == "/x"


def test_the_scope_holds_the_route_and_the_limit_of_the_body() -> None:
    """The access log reads the route; request.py reads the limit for an early 413."""
    app = FastAPI()
    app.max_body_size = 1_024
    found: dict[str, Any] = {}

    @app.get("/x/{id}")
    async def read(request: Request, id: str) -> None:
        found.update(request.scope)

    TestClient(app).get("/x/1")
    assert found["route"].path_format == "/x/{id}"
    assert found["path_params"] == {"id": "1"}
    assert found[MAX_BODY_SIZE_SCOPE_KEY] == 1_024


def test_starlette_builds_the_middleware_by_a_method_and_raises_after_a_500() -> None:
    """`Application` overrides the method; RequestMiddleware logs the error."""
    assert [*signature(Starlette.build_middleware_stack).parameters] == ["self"]

    async def crash(request: Request) -> None:
        raise ZeroDivisionError

    app = Starlette(routes=[StarletteRoute("/", crash)])
    with pytest.raises(ZeroDivisionError):
        TestClient(app).get("/")
    quiet = TestClient(app, raise_server_exceptions=False)
    assert quiet.get("/").status_code == 500


def test_starlette_renders_its_own_errors_as_plain_text() -> None:
    """plain_text_errors.py recognises them by their content type."""
    answer = TestClient(Starlette()).get("/")
    assert answer.headers["content-type"].startswith("text/plain")


def test_sqlalchemy_s_pool_gets_and_returns_connections_by_two_methods() -> None:
    """OneConnectionPool overrides both methods, and reads `_timeout`."""
    assert [*signature(AsyncAdaptedQueuePool._do_get).parameters] == ["self"]
    creator: Any = None
    returns = signature(AsyncAdaptedQueuePool._do_return_conn)
    assert [*returns.parameters] == ["self", "record"]
    assert AsyncAdaptedQueuePool(creator, timeout=7)._timeout == 7


def test_sqlalchemy_awaits_a_coroutine_of_an_async_cursor() -> None:
    """LoopCursor implements it, and LoopConnection awaits it, like an async driver."""
    assert iscoroutinefunction(AsyncAdapt_dbapi_cursor._async_soft_close)
    assert [*signature(await_).parameters] == ["awaitable"]


def test_sqlalchemy_s_engines_can_share_compiled_statements() -> None:
    """tests/caches.py shares the dialect and the cache; the dialect is in each key."""
    one, two = create_engine("sqlite://"), create_engine("sqlite://")
    two.dialect, two._compiled_cache = one.dialect, one._compiled_cache
    for engine in (one, two):
        with engine.connect() as connection:
            connection.execute(select(1))
        engine.dispose()
    assert one._compiled_cache is not None
    assert [key[0] for key in one._compiled_cache] == [one.dialect]


def test_sqlalchemy_s_compiled_statement_has_parameters_and_columns() -> None:
    """compiled.py keeps them, and converts the values."""
    query = (
        select(PRODUCTS.c.id, PRODUCTS.c.price).where(PRODUCTS.c.sku == "A").limit(3)
    )
    compiled: Any = query.compile(dialect=SQLITE, cache_key=query._generate_cache_key())
    assert [column.keyname for column in compiled._result_columns] == ["id", "price"]
    (first, _) = compiled._result_columns
    assert first.type._cached_result_processor(SQLITE, None)("0" * 32) == UUID(int=0)
    assert compiled._bind_processors == {}
    assert compiled.positiontup == ["sku_1", "param_1", "param_2"]
    names = [name for bind, name in compiled.bind_names.items() if not bind.required]
    assert names == compiled.positiontup
    assert not compiled.post_compile_params
    assert not compiled.literal_execute_params


def test_sqlalchemy_s_cache_key_brings_the_values_of_another_statement() -> None:
    """statements.py compiles a statement once, and executes it with other values."""
    one, other = (PRODUCTS.select().where(PRODUCTS.c.stock > n) for n in (1, 2))
    key, found = one._generate_cache_key(), other._generate_cache_key()
    assert key and found  # noqa: PT018
    assert (key.key, key.params) == (found.key, None)
    compiled: Any = one.compile(dialect=SQLITE, cache_key=key)
    values = compiled.construct_params(
        {}, extracted_parameters=found.bindparams, escape_names=False
    )
    assert values == {"stock_1": 2}
    assert LRUCache[str, int](2).threshold == 0.5  # it may exceed its capacity


def test_sqlalchemy_expands_a_list_at_execution() -> None:
    """compiled.py does so for a condition with IN."""
    query = select(PRODUCTS.c.sku).where(PRODUCTS.c.stock.in_([1, 2]))
    compiled: Any = query.compile(dialect=SQLITE)
    assert compiled.post_compile_params
    state = compiled._process_parameters_for_postcompile(
        compiled.construct_params(escape_names=False)
    )
    assert state.statement.endswith("IN (?, ?)")
    assert state.positiontup == ["stock_1_1", "stock_1_2"]
    assert [state.parameters[name] for name in state.positiontup] == [1, 2]
    assert state.processors == {}


def test_sqlalchemy_s_connection_handles_an_error_of_the_driver() -> None:
    """connections.py raises by it, and emits the event before an execution."""
    heard: list[Any] = []
    engine = create_engine("sqlite://", hide_parameters=True)
    event.listen(engine, "before_cursor_execute", lambda *given: heard.append(given))
    with engine.connect() as connection:
        for listener in connection.dispatch.before_cursor_execute:
            assert listener(connection, None, "x", (1,), None, False) == ("x", (1,))
        error = sqlite3.OperationalError("no")
        with pytest.raises(OperationalError) as caught:
            connection._handle_dbapi_exception(error, "x", (1,), None, None)
    assert len(heard) == 1
    assert (caught.value.orig, caught.value.hide_parameters) == (error, True)
    engine.dispose()


def test_sqlalchemy_s_async_session_makes_its_session_when_it_is_initialized() -> None:
    """ReadingSession does that at the first use of one of these names."""
    session = AsyncSession()
    assert session.__dict__["sync_session"] is session.__dict__["_proxied"]
    assert {"sync_session", "_proxied"}.isdisjoint(vars(AsyncSession))


def test_sqlalchemy_loads_an_instance_as_reading_sessions_make_one() -> None:
    configure_mappers()
    product = class_mapper(Product).class_manager.new_instance()
    product.__dict__.update(name="Pen")
    assert isinstance(product, Product)
    assert (product.name, product.model_fields_set) == ("Pen", set())
    assert User.__sqlmodel_relationships__.keys() == {"links"}


def test_sqlalchemy_s_attributes_count_their_listeners() -> None:
    """new_instance.py sets each attribute only if one besides the audit's listens."""
    configure_mappers()
    manager = class_mapper(Product).class_manager
    assert manager.original_init is SQLModel.__init__
    name = manager["name"]
    before = len(name.dispatch.set) - name.impl.active_history
    listen = (name, "set", lambda *_: None)
    event.listen(*listen)
    assert len(name.dispatch.set) - name.impl.active_history == before + 1
    event.remove(*listen)


def test_a_free_lock_of_asyncio_is_acquired_without_waiting() -> None:
    """SingleConnectionPool does so outside of a coroutine."""
    lock = Lock()
    with pytest.raises(StopIteration):
        lock.acquire().send(None)
    assert lock.locked()


def test_sqlalchemy_s_instance_state_holds_what_a_flush_needs() -> None:
    """records.py and flush.py read and set these attributes, as the unit of work."""
    product: Any = class_mapper(Product).class_manager.new_instance()
    product.__dict__.update(id=UUID(int=1), version=1, name="Pen")
    state = product._sa_instance_state
    assert (state.modified, state.key, state.session) == (False, None, None)
    product.name = "Other"
    assert (state.modified, state.committed_state) == (True, {"name": "Pen"})
    equal = state.manager["name"].impl.is_equal
    assert (equal("Pen", "Pen"), equal("Pen", "Other")) == (True, False)
    state._commit_all(state.dict)
    assert (state.modified, state.committed_state) == (False, {})


def test_sqlalchemy_s_session_adopts_an_object_with_an_identity_key() -> None:
    """records.py sets the key, by which an ORM session finds the object's row."""
    product: Any = class_mapper(Product).class_manager.new_instance()
    product.__dict__.update(id=UUID(int=1), version=1, name="Pen")
    state: Any = sqlalchemy.inspect(product)
    state.key = state.mapper.identity_key_from_primary_key((UUID(int=1),))
    product.name = "Other"
    session = Session()
    session.add(product)
    assert session.identity_map[state.key] is product
    assert [*session.dirty] == [product]


def test_sqlalchemy_s_session_continues_the_transaction_of_its_bind() -> None:
    """orm_session.py returns a connection as the bind, whose transaction it ends."""
    engine, ended = create_engine("sqlite://"), list[str]()
    for name in ("commit", "rollback"):
        event.listen(engine, name, lambda _, name=name: ended.append(name))

    class Joined(Session):
        def get_bind(self, *_: Any, **__: Any) -> Any:
            return connection

    with engine.connect() as connection:
        begun = connection.begin()
        session = Joined(join_transaction_mode="control_fully")
        assert session.connection() is connection
        session.commit()
        assert (begun.is_active, ended) == (False, ["commit"])
    engine.dispose()


def test_sqlalchemy_s_events_of_a_mapper_can_be_emitted() -> None:
    """flush.py and records.py emit them as the unit of work does, with the state."""

    class Pen(SQLModel, table=True):
        metadata = MetaData()
        id: int = Field(primary_key=True)

    heard: list[Any] = []
    pen, mapper = Pen(id=1), sqlalchemy.inspect(Pen)
    event.listen(Pen, "before_update", lambda *given: heard.append(given))
    event.listen(Pen, "load", lambda *given: heard.append(given))
    state: Any = sqlalchemy.inspect(pen)
    mapper.dispatch.before_update(mapper, None, state)
    state.manager.dispatch.load(state, None)
    assert heard == [(mapper, None, pen), (pen, None)]
    source = getsource(persistence)
    for verb in ("insert", "update", "delete"):
        for when in ("before", "after"):
            assert f"mapper.dispatch.{when}_{verb}(mapper, connection, state)" in source


def test_sqlalchemy_s_defaults_of_columns_are_called_with_a_context() -> None:
    """flush.py makes the values without one."""
    made: Any = PRODUCTS.c.updated_at
    for default in (made.default, made.onupdate):
        assert default.is_callable
        assert isinstance(default.arg(None), datetime)
    given: Any = PRODUCTS.c.stock.default
    assert (given.is_scalar, given.arg) == (True, 0)


def test_asyncpg_s_transaction_is_begun_by_the_connection_of_the_dialect() -> None:
    """drivers.py begins it, unless an execution by SQLAlchemy has."""
    kinds: Any = postgresql.asyncpg
    adapted = kinds.AsyncAdapt_asyncpg_connection(None, ClosedConnection())
    assert adapted._transaction is None
    assert iscoroutinefunction(adapted._start_transaction)
    assert "_transaction is None" in getsource(adapted._start_transaction)
    assert "status.decode()" in getsource(asyncpg.Connection.execute)


def test_asyncpg_s_errors_are_translated_by_the_connection_of_the_dialect() -> None:
    """postgresql.py calls this method. The deadline of all others is an option."""
    kinds: Any = postgresql.asyncpg
    dbapi = kinds.dialect.import_dbapi()
    adapted = kinds.AsyncAdapt_asyncpg_connection(dbapi, ClosedConnection())
    with pytest.raises(dbapi.IntegrityError):
        adapted._handle_exception(asyncpg.UniqueViolationError("no"))
    assert "command_timeout" in signature(asyncpg.connect).parameters
    assert "InvalidCachedStatementError" in getsource(asyncpg.Connection._do_execute)


class ClosedConnection:
    def is_closed(self) -> bool:
        return True


def test_sqlmodel_s_setattr_is_sqlalchemy_s_for_a_table() -> None:
    """Entity bypasses SQLModel's method; attribute events must still be fired."""
    assert "__setattr__" in vars(Entity)
    product = Product(sku="PEN-001", name="Pen", price=Decimal("1.50"))
    product.name = "Other"
    state: Any = product.__dict__["_sa_instance_state"]
    assert state.attrs["name"].history.added == ["Other"]


def test_all_connections_of_a_pool_can_be_invalidated() -> None:
    """postgresql.py discards them all when the server does not answer one."""
    parameters = [*signature(Pool._invalidate).parameters]
    assert parameters[:3] == ["self", "connection", "exception"]
    assert hasattr(postgresql.asyncpg.AsyncAdapt_asyncpg_connection, "ping")


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("data_received", ["self", "data"]),
        ("on_message_begin", ["self"]),
        ("on_header", ["self", "name", "value"]),
        ("on_headers_complete", ["self"]),
        ("on_body", ["self", "body"]),
        ("on_message_complete", ["self"]),
        ("send_400_response", ["self", "msg"]),
    ],
)
def test_uvicorn_s_parser_calls_these_methods(
    method: str, parameters: list[str]
) -> None:
    """BoundedProtocol overrides them: limited headers, no trailers, problems."""
    assert [*signature(getattr(HttpToolsProtocol, method)).parameters] == parameters
    assert STATUS_LINE[400].startswith(b"HTTP/1.1 400 ")


def test_uvicorn_leaves_a_request_with_an_upgrade_to_the_websocket_protocol() -> None:
    """ignored_upgrades.py has it read again instead, in the place of these methods."""
    asked = "self.parser.should_upgrade() and self._should_upgrade()"
    for name in ("on_headers_complete", "on_body", "on_message_complete"):
        assert asked in getsource(getattr(HttpToolsProtocol, name))
    source = getsource(HttpToolsProtocol.data_received)
    assert "except httptools.HttpParserUpgrade" in source
    assert "self.handle_websocket_upgrade()" in source
    assert "lenient_data_after_close=True" in getsource(HttpToolsProtocol.__init__)


def test_uvicorn_s_parent_process_starts_the_class_of_its_module() -> None:
    """workers.py replaces the class, so that workers drain."""
    assert multiprocess.Process is Worker
    for method in ("init_processes", "restart_all", "keep_subprocess_alive"):
        source = getsource(getattr(multiprocess.Multiprocess, method))
        assert "Process(self.config, self.sockets)" in source
    assert "self.server.run(sockets)" in getsource(multiprocess.Process.target)


def test_uvicorn_s_server_has_the_steps_that_draining_overrides() -> None:
    """server.py closes the listening sockets, and handles SIGINT in another way."""
    assert [*signature(uvicorn.Server.handle_exit).parameters] == [
        "self",
        "sig",
        "frame",
    ]
    assert [*signature(uvicorn.Server.shutdown).parameters] == ["self", "sockets"]
    assert "await self.main_loop()" in getsource(uvicorn.Server._serve)
    assert "connection.shutdown()" in getsource(uvicorn.Server.shutdown)
    startup = getsource(uvicorn.Server.startup)
    assert "await self.lifespan.startup()" in startup
    assert "self.servers.append(server)" in startup


def test_uvicorn_s_protocol_has_the_steps_that_deadlines_follow() -> None:
    """timed_protocol.py overrides these callbacks, and reads the state of a cycle."""
    for name in ("on_message_begin", "on_message_complete", "on_response_complete"):
        assert [*signature(getattr(HttpToolsProtocol, name)).parameters] == ["self"]
    source = getsource(RequestResponseCycle)
    assert "self.response_started = False" in source
    assert "self.response_complete = False" in source
    assert "self.read_paused = False" in getsource(FlowControl.__init__)


def test_fastapi_offline_contains_the_documentation_assets() -> None:
    """The application serves these files from the package."""
    for path in (*SWAGGER_UI, *REDOC):
        assert (LIBRARIES / path.rpartition("/")[2]).is_file()


def test_the_document_names_generic_models_by_their_titles(app: FastAPI) -> None:
    """Pydantic's default, such as Page_ProductRead_, ends in an underscore."""
    names = app.openapi()["components"]["schemas"]
    assert {"ProductPage", "ChangePage", "AccessPage"} <= names.keys()
    assert [name for name in names if name.endswith("_")] == []


def test_dotenv_s_parser_has_the_number_of_a_line_that_is_no_setting() -> None:
    """env_file.py reads .env with it: the public functions only log such a line."""
    first, second = parse_stream(StringIO("A=1\nB: 2\n"))
    assert (first.key, first.value, first.error) == ("A", "1", False)
    assert (second.original.line, second.error) == (2, True)


def test_the_unit_of_work_compiles_into_a_cache_of_its_mapper() -> None:
    """tables.py recognizes its statements by the cache that they are executed with."""
    source = getsource(persistence)
    marked = source.count('= {"compiled_cache": base_mapper._compiled_cache}')
    assert marked == 4  # UPDATE, INSERT, post_update and DELETE
    mapper = sqlalchemy.inspect(Product)
    assert mapper._compiled_cache is mapper.base_mapper._compiled_cache
