"""The units of systemd, and the files for containers."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # It has no type stubs.

from app.core.config import Settings
from tests.programs import needs, require

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "scripts/deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
HOME = "/srv/backoffice"
PYTHON = f"{HOME}/.venv/bin/python"
# Longer than what a stopping process may take: SHUTDOWN_DELAY and SHUTDOWN_TIMEOUT.
STOPPING = sum(
    Settings.model_fields[name].default
    for name in ("SHUTDOWN_DELAY", "SHUTDOWN_TIMEOUT")
)


def documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))


def pods() -> dict[str, dict[str, Any]]:
    found = {}
    for each in documents():
        spec = each["spec"]
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            found[each["metadata"]["name"]] = spec["template"]["spec"]
    return found


@needs("systemd-analyze")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        # It checks that the program exists, which is installed elsewhere here.
        text = unit.read_text().replace(PYTHON, sys.executable)
        (tmp_path / unit.name).write_text(text.replace("User=backoffice", "User=root"))
    command = (require("systemd-analyze"), "verify", "--man=no")
    units = [tmp_path / unit.name for unit in UNITS]
    done = subprocess.run(
        [*command, *units], check=False, capture_output=True, text=True, timeout=60
    )
    own = [line for line in done.stderr.splitlines() if "backoffice" in line]
    assert (done.returncode, own) == (0, [])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_what_there_is(unit: Path) -> None:
    text = unit.read_text()
    if unit.suffix == ".timer":
        assert unit.with_suffix(".service") in UNITS
        return
    (command,) = re.findall(rf"^ExecStart={PYTHON} (\S+)", text, re.MULTILINE)
    assert command == "-m" or (ROOT / command).is_file()
    assert "UMask=0077" in text
    assert "User=backoffice" in text


@pytest.mark.parametrize(
    "unit",
    [each for each in UNITS if each.suffix == ".service"],
    ids=lambda it: it.name,
)
def test_a_unit_may_write_where_the_guides_put_files(unit: Path) -> None:
    guides = [ROOT / "docs" / name for name in ("DEPLOYMENT.md", "PERSONAL_DATA.md")]
    text = "".join(guide.read_text() for guide in guides)
    named = re.findall(r"install -d -o backoffice .*?-m 0700 ([^`\n]+)", text)
    folders = {folder for each in named for folder in each.split()}
    assert len(folders) == 5
    (writable,) = re.findall(r"^ReadWritePaths=(.+)$", unit.read_text(), re.MULTILINE)
    missing = folders - {each.removeprefix("-") for each in writable.split()}
    assert missing <= {"/var/lib/backoffice", "/backup"}  # StateDirectory; its own unit
    assert "/backup" not in missing or unit.stem == "backoffice"
    assert "StateDirectory=backoffice" in unit.read_text()


def test_a_stopping_process_is_given_its_time() -> None:
    unit = (DEPLOY / "systemd/backoffice.service").read_text()
    (seconds,) = re.findall(r"TimeoutStopSec=(\d+)", unit)
    assert int(seconds) > STOPPING
    assert pods()["backoffice"]["terminationGracePeriodSeconds"] > STOPPING
    grace = services()["api"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > STOPPING


def services() -> dict[str, Any]:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    found: dict[str, Any] = compose["services"]
    return found


@pytest.mark.parametrize("name", pods())
def test_a_pod_has_no_rights_and_a_read_only_file_system(name: str) -> None:
    pod = pods()[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounts = {mount["name"] for mount in container["volumeMounts"]}
    assert "tmp" in mounts


def test_a_service_of_compose_has_no_rights_and_a_read_only_file_system() -> None:
    for name in ("migrate", "api"):
        service = services()[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert set(service["environment"]) <= set(Settings.model_fields)


def test_the_image_has_what_the_application_reads() -> None:
    """The folders of the build exist, and its user is that of the manifests."""
    text = (DEPLOY / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--)(\S+) ", text, re.MULTILINE)
    assert [path for path in copied if not (ROOT / path).exists()] == []
    (user,) = re.findall(r"^USER (\d+):", text, re.MULTILINE)
    users = {pod["securityContext"]["runAsUser"] for pod in pods().values()}
    assert users == {int(user)}


def test_the_setting_of_each_container_exists() -> None:
    (container,) = pods()["backoffice"]["containers"]
    names = {each["name"] for each in container["env"]}
    assert names <= set(Settings.model_fields)
