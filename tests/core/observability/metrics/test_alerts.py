"""Each alert fires for its fault, and not before its time: by promtool."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.core.observability.metrics.names import PREFIX, REQUESTS
from tests.core.observability.metrics.test_operations import alerts
from tests.programs import needs, require

OWN = {"job": "backoffice", "instance": "10.0.0.11:9100"}
SCRAPES = "x3200"  # one a minute, for more than two days
# The series that make an alert fire, by its name, and the minutes until it does.
FAULTS: dict[str, tuple[dict[str, str], int]] = {
    "BackofficeDown": ({"up": "1 0"}, 3),
    "BackofficeNotReady": ({f"{PREFIX}ready": "1 0"}, 2),
    "BackofficeReadOnly": ({f"{PREFIX}writable": "1 0"}, 2),
    "BackofficeErrors": (
        {
            f'{REQUESTS}_count{{status="5xx"}}': "0+1",
            f'{REQUESTS}_count{{status="2xx"}}': "0+50",
        },
        6,
    ),
    "BackofficeSlow": (
        {
            f'{REQUESTS}_bucket{{method="GET",le="1"}}': "0+97",
            f'{REQUESTS}_bucket{{method="GET",le="2.5"}}': "0+100",
            f'{REQUESTS}_bucket{{method="GET",le="+Inf"}}': "0+100",
        },
        11,
    ),
    "BackofficePoolWaits": (
        {
            f"{PREFIX}database_wait_seconds_total": "0+6",
            f"{PREFIX}database_checkouts_total": "0+100",
        },
        11,
    ),
    "BackofficeReplicaBehind": ({f"{PREFIX}replica_lag_seconds": "0 Inf"}, 6),
    "BackofficeLoginsThrottled": ({f"{PREFIX}logins_throttled_total": "0+12"}, 9),
    "BackofficeRateLimited": (
        {f'{PREFIX}requests_limited_total{{limit="user"}}': "0+10"},
        26,
    ),
    "BackofficeUnauditedWrites": (
        {f"{PREFIX}unaudited_writes_refused_total": "0 1"},
        1,
    ),
    "BackofficeSpoolBehind": ({f"{PREFIX}audit_spool_age_seconds": "0+60"}, 11),
    "BackofficeLogLost": ({f"{PREFIX}audit_accesses_lost_total": "0 1"}, 1),
    "BackofficeSealingBehind": ({f"{PREFIX}audit_unsealed_seconds": "0+60"}, 16),
    "BackofficeLogRewritten": ({f"{PREFIX}audit_rewritten": "0 1"}, 1),
    "BackofficeArchiveUnfinished": (
        {f'{PREFIX}audit_archive_unfinished_files{{log="changes"}}': "0 1"},
        26 * 60 + 1,
    ),
}


def series(name: str, values: str) -> dict[str, str]:
    base, _, labels = name.partition("{")
    own = ",".join(f'{label}="{value}"' for label, value in OWN.items())
    *first, last = values.split()
    steady = f"{last}{SCRAPES}" if "+" in last else f"{last}+0{SCRAPES}"
    labels = labels.removesuffix("}")
    return {
        "series": f"{base}{{{own}{',' if labels else ''}{labels}}}",
        "values": " ".join([*first, steady]),
    }


def labels_of(alert: dict[str, Any]) -> dict[str, str]:
    """Return the labels that it has when it fires."""
    labels = dict(alert["labels"])
    if "sum by (job" in alert["expr"]:
        extra = {"limit": "user"} if "(job, limit)" in alert["expr"] else {}
        return labels | {"job": OWN["job"]} | extra
    return labels | OWN | ({"log": "changes"} if "unfinished" in alert["expr"] else {})


def run_promtool(folder: Path, alert: dict[str, Any], checks: list[Any]) -> str:
    """Return what promtool says if an alert does not fire as expected."""
    faults, _ = FAULTS[alert["alert"]]
    rule = {name: value for name, value in alert.items() if name != "annotations"}
    rules = {"groups": [{"name": "own", "rules": [rule]}]}
    inputs = [series(name, values) for name, values in faults.items()]
    test = {"interval": "1m", "input_series": inputs, "alert_rule_test": checks}
    # JSON is YAML.
    (folder / "rules.yml").write_text(json.dumps(rules))
    tests = {"rule_files": ["rules.yml"], "tests": [test]}
    (folder / "tests.yml").write_text(json.dumps(tests))
    command = (require("promtool"), "test", "rules", "tests.yml")
    done = subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, timeout=60
    )
    return done.stdout + done.stderr if done.returncode else ""


@needs("promtool")
@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_fires_in_time(alert: dict[str, Any], tmp_path: Path) -> None:
    _, minutes = FAULTS[alert["alert"]]
    fires = [{"exp_labels": labels_of(alert)}]
    checks = [
        {"eval_time": f"{at}m", "alertname": alert["alert"], "exp_alerts": expected}
        for at, expected in ((0, []), (minutes - 1, []), (minutes, fires))
    ]
    assert run_promtool(tmp_path, alert, checks) == ""


def test_each_alert_has_a_fault() -> None:
    assert {alert["alert"] for alert in alerts()} == FAULTS.keys()
