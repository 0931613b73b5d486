"""Sessions after random sequences of requests, compared with a small model."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck
from hypothesis import settings as options
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from time_machine import TimeMachineFixture

from app.core.config import Settings
from tests.accounts import PASSWORD, add_account, root_header
from tests.auth.signing import NEW_PASSWORD, bearer, refresh, sign_in
from tests.auth.tokens.attacks import Json
from tests.auth.tokens.test_access_tokens import running
from tests.databases import make_settings

pytestmark = [pytest.mark.either, pytest.mark.slow, pytest.mark.heavy]

LIMITS = {"REFRESH_IDLE_DAYS": 1, "REFRESH_ABSOLUTE_DAYS": 2}
IDLE, ABSOLUTE = timedelta(days=1), timedelta(days=2)
LIFETIME, GRACE = timedelta(minutes=15), timedelta(seconds=10)
# A single rule draws from these. Hypothesis disables some of several rules in each
# example, which would make the sequences too short.
STEPS: tuple[tuple[Any, ...], ...] = (
    *[("refresh", 0), ("refresh", 1)] * 4,
    *[("refresh", 2), ("login",), ("log_out",), ("log_out_all",), ("end_sessions",)],
    *[("change_password",), ("set_active", False)],
)
# Pause before a step: until the end of the grace period, access token, idle time or
# session, or a second less.
PAUSES: tuple[tuple[int, int] | None, ...] = (
    *[None] * 6,
    *[(end, seconds) for end in range(4) for seconds in (-1, 0)],
)
OPTIONS = options(
    max_examples=16,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Family:
    """A session: its newest pair, and all of its refresh tokens."""

    pair: Json
    issued: datetime
    refresh_tokens: list[str]
    opened: datetime
    rotated: datetime
    ended: bool = False

    @property
    def can_refresh(self) -> bool:
        ends = min(self.rotated + IDLE, self.opened + ABSOLUTE)
        return not self.ended and now() < ends

    @property
    def can_call(self) -> bool:
        ends = min(self.issued + LIFETIME, self.opened + ABSOLUTE)
        return not self.ended and now() < ends


class SessionMachine(RuleBasedStateMachine):
    client: ClassVar[TestClient]
    settings: ClassVar[Settings]
    clock: ClassVar[TimeMachineFixture]
    start: ClassVar[datetime]

    @initialize()
    def begin(self) -> None:
        self.clock.move_to(self.start, tick=False)
        self.user = add_account(self.settings)
        self.passwords, self.active = [PASSWORD, NEW_PASSWORD], True
        self.families: list[Family] = []
        self.login()

    @rule(
        step=st.sampled_from(STEPS),
        pause=st.sampled_from(PAUSES),
        which=st.integers(0, 3),
    )
    def act(
        self, step: tuple[Any, ...], pause: tuple[int, int] | None, which: int
    ) -> None:
        """Run a step with a live session, or occasionally with the first one."""
        if not self.active:
            self.set_active(True)
        if not any(family.can_refresh for family in self.families):
            self.login()
        live = [family for family in self.families if family.can_refresh]
        self.family = self.families[0] if which == 3 else live[which % len(live)]
        if pause:
            self.wait(*pause)
        name, *values = step
        getattr(self, name)(*values)

    @invariant()
    def sessions_match_the_model(self) -> None:
        for family in self.families[-2:]:
            self.family = family
            self.call("GET", "permissions")

    def teardown(self) -> None:
        for family in self.families[-6:]:
            self.family = family
            self.call("GET", "permissions")
            self.refresh(0)

    def open(self, pair: Json) -> None:
        tokens = [pair["refresh_token"]]
        self.families.append(Family(pair, now(), tokens, now(), now()))

    def end_all(self) -> None:
        for family in self.families:
            family.ended = True

    def call(self, method: str, path: str, **body: str) -> Any:
        """Send the access token; compare the status with the model."""
        headers = bearer(self.family.pair)
        answer = self.client.request(method, path, json=body, headers=headers)
        expected = (200, 204) if self.family.can_call else (401,)
        assert answer.status_code in expected, answer.text
        return answer.json() if answer.status_code == 200 else None

    def call_as_superuser(self, method: str, path: str, **body: bool) -> None:
        url, headers = f"users/{self.user.id}{path}", root_header(self.settings)
        answer = self.client.request(method, url, json=body, headers=headers)
        assert answer.status_code < 300, answer.text

    def login(self) -> None:
        self.open(sign_in(self.client, self.user.email, self.passwords[0]))

    def refresh(self, age: int) -> None:
        """Use the newest refresh token, its parent or its grandparent."""
        family = self.family
        age = min(age, len(family.refresh_tokens) - 1)
        token = family.refresh_tokens[-1 - age]
        answer = refresh(self.client, {"refresh_token": token})
        in_time = age == 0 or (age == 1 and now() < family.rotated + GRACE)
        assert (answer.status_code == 200) is (family.can_refresh and in_time), (
            answer.text
        )
        if answer.status_code == 401:
            family.ended |= family.can_refresh
            return
        family.pair, family.issued = answer.json(), now()
        if age == 0:
            family.rotated = now()
            family.refresh_tokens.append(family.pair["refresh_token"])
        assert family.pair["refresh_token"] == family.refresh_tokens[-1]

    def log_out(self) -> None:
        self.call("POST", "auth/logout")
        self.family.ended |= self.family.can_call

    def log_out_all(self) -> None:
        self.call("POST", "auth/logout-all")
        if self.family.can_call:
            self.end_all()

    def change_password(self) -> None:
        current, new = self.passwords
        body = {"current_password": current, "new_password": new}
        if pair := self.call("POST", "auth/password", **body):
            self.end_all()
            self.open(pair)
            self.passwords.reverse()

    def end_sessions(self) -> None:
        self.call_as_superuser("DELETE", "/sessions")
        self.end_all()

    def set_active(self, active: bool) -> None:
        self.call_as_superuser("PATCH", "", is_active=active)
        self.active = active
        if not active:
            self.end_all()

    def wait(self, end: int, seconds: int) -> None:
        of = self.family
        ends = (of.rotated + GRACE, of.issued + LIFETIME, of.rotated + IDLE)
        instant = (*ends, of.opened + ABSOLUTE)[end] + timedelta(seconds=seconds)
        self.clock.move_to(max(instant, now()), tick=False)


def test_sessions_are_valid_exactly_as_the_model_predicts(
    settings: Settings, time_machine: TimeMachineFixture
) -> None:
    url = settings.DATABASE_URL
    short = make_settings(url, **LIMITS, REFRESH_GRACE_SECONDS=10)
    with running(short) as SessionMachine.client:
        SessionMachine.settings, SessionMachine.clock = short, time_machine
        SessionMachine.start = now().replace(microsecond=0) + timedelta(seconds=1)
        run_state_machine_as_test(SessionMachine, settings=OPTIONS)
