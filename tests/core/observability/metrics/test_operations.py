"""The dashboard and the alerts name metrics that exist, and runbooks that do."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # It has no type stubs.

from app.core.observability.metrics.names import HISTOGRAMS, REQUESTS, VALUES, all_names
from tests.programs import needs, require
from tests.test_docs import anchors

ROOT = Path(__file__).parents[4]
RULES = ROOT / "docs/operations/alerts.yml"
NAME = re.compile(r"\b(?:backoffice|http_server)_\w+")
PARTS = re.compile(r"_(bucket|sum|count)$")
LABELS = {"limit", "status", "method", "route", "le", "job", "instance", "log"}


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    text = (ROOT / "docs/operations/dashboard.json").read_text()
    found: list[dict[str, Any]] = json.loads(text)["panels"]
    return found


def names(expression: str) -> set[str]:
    """Return the metrics of an expression, histograms without their parts."""
    whole = {name: PARTS.sub("", name) for name in NAME.findall(expression)}
    return {base if base in HISTOGRAMS else name for name, base in whole.items()}


def dashboard_expressions() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_has_metrics_and_a_runbook(alert: dict[str, Any]) -> None:
    assert names(alert["expr"]) <= all_names()
    assert names(alert["expr"]) or "up{" in alert["expr"]
    path, _, anchor = alert["annotations"]["runbook"].partition("#")
    assert anchor in anchors(ROOT / path)
    assert alert["labels"]["severity"] in {"critical", "warning"}


def test_the_dashboard_shows_every_metric() -> None:
    assert set().union(*map(names, dashboard_expressions())) == all_names()


@pytest.mark.parametrize("expression", dashboard_expressions())
def test_a_panel_groups_by_labels_that_exist(expression: str) -> None:
    grouped = re.findall(r"by \(([^)]+)\)", expression)
    assert {label.strip() for each in grouped for label in each.split(",")} <= LABELS


def test_no_label_is_an_identity() -> None:
    assert {metric.label for metric in VALUES.values()} <= {"", "log", "limit"}
    assert REQUESTS in HISTOGRAMS


@needs("promtool")
def test_prometheus_accepts_the_rules() -> None:
    command = (require("promtool"), "check", "rules", RULES)
    subprocess.run(command, check=True, timeout=60)
