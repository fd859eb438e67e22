"""Image, compose file and Kubernetes manifest say what the program knows, and run it with as little power as it needs."""

import importlib
import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.__main__ import app
from bot.settings import KNOWN
from tests.house.repo import ROOT

INFRA = ROOT / "infra"
yaml: Any = importlib.import_module("yaml")  # it brings no types
DOCKERFILE = (INFRA / "Dockerfile").read_text()
OURS = ("migrate", "serve", "worker")


@pytest.fixture
def services() -> dict[str, dict[str, Any]]:
    return dict(yaml.safe_load((INFRA / "compose.yaml").read_text())["services"])


def _pods() -> list[dict[str, Any]]:
    documents = yaml.safe_load_all((INFRA / "kubernetes.yaml").read_text())
    return [document["spec"]["template"]["spec"] for document in documents]


def _refused(words: list[str]) -> list[str]:
    """What of a command line the program does not know."""
    group: Any = typer.main.get_command(app)
    command = group.commands.get(words[0])
    if command is None:
        return words[:1]
    options = {opt for param in command.params for opt in (*param.opts, *param.secondary_opts)}
    return [word for word in words[1:] if word.startswith("-") and word.partition("=")[0] not in options]


def test_every_command_that_a_container_runs_is_one(services: dict[str, dict[str, Any]]) -> None:
    lines = [services[name]["command"] for name in OURS] + [pod["containers"][0]["args"] for pod in _pods()]
    lines.append(_listed(r"^CMD (\[.*\])$"))
    assert [wrong for line in lines if (wrong := _refused(line))] == []


def test_a_command_that_is_none_is_noticed() -> None:
    assert _refused(["sevre"]) == ["sevre"]
    assert _refused(["doctor", "--json", "--jsno"]) == ["--jsno"]


def test_every_setting_that_a_container_is_given_is_known(services: dict[str, dict[str, Any]]) -> None:
    given = [name for service in OURS for name in services[service]["environment"]]
    given += [one["name"] for pod in _pods() for one in pod["containers"][0]["env"]]
    given += re.findall(r"^(\w+)=", (INFRA / "nightdesk.env.example").read_text(), re.M)
    given += re.findall(r"\b(NIGHTDESK_\w+)=", DOCKERFILE)
    assert set(given) - KNOWN == set()


def test_only_migrate_is_told_the_owners_password(services: dict[str, dict[str, Any]]) -> None:
    told = [name for name, service in services.items() if "OWNER" in str(service.get("environment", {}))]
    assert sorted(told) == ["migrate", "postgres"]


def test_no_password_stands_in_a_file(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|URL", name):
                assert re.search(r"\$\{\w+(?::\?[^}]*)?\}", value), name
    filled = re.findall(r"^(\w*(?:TOKEN|KEY|SECRET)\w*)=(.+)$", (INFRA / "nightdesk.env.example").read_text(), re.M)
    assert filled == []


def test_containers_hold_no_power(services: dict[str, dict[str, Any]]) -> None:
    for name in OURS:
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in services[name]["security_opt"]
    for pod in _pods():
        context = pod["containers"][0]["securityContext"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert context == {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        }


def test_a_container_is_given_longer_to_stop_than_a_worker_takes(services: dict[str, dict[str, Any]]) -> None:
    from bot.workers import GRACE

    given = [int(services[name]["stop_grace_period"].removesuffix("s")) for name in ("serve", "worker")]
    given += [pod["terminationGracePeriodSeconds"] for pod in _pods()]
    assert min(given) >= 2 * GRACE


def test_work_begins_when_the_database_is_migrated_and_ends_gently(services: dict[str, dict[str, Any]]) -> None:
    for name in ("serve", "worker"):
        assert services[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
        assert services[name]["restart"] == "unless-stopped"
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["migrate"]["restart"] == "no"


def test_the_image_runs_as_nobody_special_from_pinned_parts() -> None:
    user = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.M)
    assert user and "0" not in user[-1]
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)
    assert all(re.fullmatch(r"python:\$\{PYTHON\}-slim", base) for base in bases)
    assert re.search(r"^ARG PYTHON=3\.\d+$", DOCKERFILE, re.M)
    installs = re.findall(r"pip install[^&\n]*", DOCKERFILE)
    assert all("--require-hashes" in one or "--no-deps" in one for one in installs)
    assert not re.search(r"^(?:ADD|MAINTAINER)\b|curl|wget|sudo|:latest", DOCKERFILE, re.M)
    assert re.search(r"^HEALTHCHECK ", DOCKERFILE, re.M)
    assert _listed(r"^ENTRYPOINT (\[.*\])$") == ["nightdesk"]


def _listed(pattern: str) -> list[str]:
    found = re.search(pattern, DOCKERFILE, re.M)
    assert found is not None
    return list(yaml.safe_load(found.group(1)))


def test_what_the_image_copies_is_there_and_let_through() -> None:
    through = [
        line[1:] for line in (INFRA / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")
    ]
    copied = [word for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M) for word in line.split()[:-1]]
    assert copied
    for word in copied:
        assert (ROOT / word).exists()
        assert any(fnmatch(word, one) for one in through)


def test_compose_itself_takes_the_file(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not installed")
    for name in ("compose.yaml", "postgres-init.sh"):
        shutil.copy(INFRA / name, tmp_path / name)
    shutil.copy(INFRA / "nightdesk.env.example", tmp_path / "nightdesk.env")
    words = "POSTGRES_PASSWORD=a\nOWNER_PASSWORD=b\nAPP_PASSWORD=c\n"
    (tmp_path / ".env").write_text(words)
    run = subprocess.run(
        [docker, "compose", "config", "--quiet"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
