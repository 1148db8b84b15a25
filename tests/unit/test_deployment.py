"""The Dockerfile, the compose file and the systemd unit keep their promises (docs/deployment.md)."""

import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from carrel.config import Settings
from carrel.engines.model_sizes import MODEL_SIZES
from carrel.engines.serving import options

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
SECRETS = {"CARREL_GATEWAY_API_KEY", "CARREL_EMBEDDER_API_KEY", "POSTGRES_PASSWORD"}
_VARIABLE = re.compile(r"\$\{(\w+)(?:(:?[-?])([^}]*))?\}")


def with_defaults(text: str) -> str:
    """Return a value of the compose file as it is where .env says nothing."""
    return _VARIABLE.sub(lambda found: (found[3] or "") if found[2] in ("-", ":-") else "", text)


def instructions(word: str) -> list[str]:
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    return [line.partition(" ")[2] for line in joined.splitlines() if line.startswith(f"{word} ")]


def test_the_image_does_not_run_as_root_and_examines_itself() -> None:
    assert instructions("USER") == ["10001:10001"]
    assert DOCKERFILE.index("USER 10001") > DOCKERFILE.index("COPY --from=build")
    check = json.loads(instructions("HEALTHCHECK")[0].partition(" CMD ")[2])
    assert check[:2] == ["python", "-c"]
    assert "/healthz" in check[2]
    assert SERVICES["carrel"]["healthcheck"]["test"][1:] == check


def test_the_image_takes_packages_by_hash_and_nothing_from_addresses() -> None:
    installs = [line for line in instructions("RUN") if re.search(r"\bpip\b.* install\b", line)]
    assert len(installs) == 5
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)
    assert not instructions("ADD")
    assert "curl" not in DOCKERFILE
    assert all(":" in source for source in instructions("FROM"))
    assert "ARG PYTHON_VERSION=3.12\n" in DOCKERFILE


@pytest.mark.parametrize("name", ["image", "build", "gguf"])
def test_the_locks_of_the_image_pin_by_hash_what_the_development_lock_pins(name: str) -> None:
    pins = re.compile(r"^([\w.-]+==\S+)", re.MULTILINE)
    developed = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    developed += (ROOT / "requirements.lock").read_text(encoding="utf-8")
    text = (ROOT / f"requirements-{name}.lock").read_text(encoding="utf-8")
    found = set(pins.findall(text))
    assert found
    assert found <= set(pins.findall(developed))
    assert text.count("--hash=sha256:") >= len(found)
    assert "://" not in text


def test_the_build_context_has_what_is_copied() -> None:
    sent = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    copied = {
        source
        for line in instructions("COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    }
    assert {source.split("/")[0] for source in copied} == sent
    assert all((ROOT / source).exists() for source in copied)


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_has_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert "network_mode" not in service
    assert service["healthcheck"]["test"][0] == "CMD"
    tag = with_defaults(service["image"]).rpartition(":")[2]
    assert re.match(r"v?\d", tag)
    for port in service.get("ports", ()):
        assert with_defaults(port).startswith("127.0.0.1:")


def test_carrel_and_the_database_write_to_their_volumes_only() -> None:
    for name in ("carrel", "postgres"):
        assert SERVICES[name]["read_only"] is True
        assert "/tmp" in SERVICES[name]["tmpfs"]
    assert not {"vllm", "postgres"} & {name for name, service in SERVICES.items() if "ports" in service}
    assert COMPOSE["networks"]["database"]["internal"] is True


def test_what_is_optional_is_a_profile() -> None:
    found = {name: service.get("profiles") for name, service in SERVICES.items()}
    assert found == {
        "carrel": None,
        "vllm": ["gpu"],
        "postgres": ["postgres"],
        "open-webui": ["open-webui"],
    }
    needed = SERVICES["carrel"]["depends_on"]
    assert all(each == {"condition": "service_healthy", "required": False} for each in needed.values())


def test_vllm_is_started_as_carrel_engine_advises() -> None:
    model = next(size for size in MODEL_SIZES if size.name == "Qwen3-Embedding-4B")
    advice = options(model, 24, ["vllm"])[0]
    words = SERVICES["vllm"]["entrypoint"] + [with_defaults(word) for word in SERVICES["vllm"]["command"]]
    assert words == shlex.split(advice.commands[0])
    environment = SERVICES["carrel"]["environment"]
    assert with_defaults(environment["CARREL_EMBEDDER"]) == advice.settings["CARREL_EMBEDDER"]
    assert with_defaults(environment["CARREL_EMBEDDER_URL"]) == "http://vllm:8000/v1"
    assert environment["CARREL_EMBEDDER_API_KEY"] == SERVICES["vllm"]["environment"]["VLLM_API_KEY"]


def test_open_webui_embeds_over_the_gateway() -> None:
    environment = SERVICES["open-webui"]["environment"]
    assert environment["RAG_EMBEDDING_ENGINE"] == "openai"
    assert environment["RAG_OPENAI_API_BASE_URL"] == "http://carrel:8765/v1"
    assert environment["RAG_EMBEDDING_MODEL"] == SERVICES["carrel"]["environment"]["CARREL_EMBEDDER"]
    assert environment["RAG_OPENAI_API_KEY"] == SERVICES["carrel"]["environment"]["CARREL_GATEWAY_API_KEY"]


def test_carrels_variables_are_settings() -> None:
    known = {f"CARREL_{field.name.upper()}" for field in fields(Settings)}
    assert set(SERVICES["carrel"]["environment"]) <= known


def test_secrets_have_no_default_and_the_example_names_every_variable() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    for name, operator, default in _VARIABLE.findall(text):
        if name in SECRETS:
            assert operator == ":?"
        elif name.endswith(("_KEY", "_TOKEN", "_PASSWORD")):
            assert default == ""
    named = set(re.findall(r"^#?(\w+)=", EXAMPLE, re.MULTILINE))
    used = {name for name, _, _ in _VARIABLE.findall(text)}
    assert named - used == {"COMPOSE_PROFILES"}
    assert all(re.search(rf"^{name}=$", EXAMPLE, re.MULTILINE) for name in SECRETS)
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def compose_program() -> list[str]:
    for program in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(program[0]) and not _asked([*program, "version"]).returncode:
            return program
    return []


def _asked(command: list[str], **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env=kept | environment
    )


@pytest.mark.skipif(not compose_program(), reason="neither docker compose nor docker-compose is installed")
def test_compose_reads_the_file_and_says_which_secret_is_missing(tmp_path: Path) -> None:
    program = compose_program()
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    if "version 1." in _asked([*program, "version"]).stdout:  # Debian 12's does not know these two
        text = re.sub(r"^(name: .*| +required: false)\n", "", text, flags=re.MULTILINE)
    file = tmp_path / "compose.yaml"
    file.write_text(text, encoding="utf-8")
    empty = tmp_path / "empty.env"
    empty.touch()
    command = [*program, "--env-file", str(empty), "-f", str(file), "--project-directory", str(ROOT)]
    secrets = dict.fromkeys(SECRETS, "secret")
    answer = _asked([*command, "config"], COMPOSE_PROFILES="gpu,postgres,open-webui", **secrets)
    assert answer.returncode == 0, answer.stderr
    read = yaml.safe_load(answer.stdout)["services"]
    assert set(read) == set(SERVICES)
    assert read["vllm"]["command"][6] == '{"is_matryoshka":true}'
    missing = _asked([*command, "config"], **{**secrets, "CARREL_GATEWAY_API_KEY": ""})
    assert missing.returncode != 0
    assert "set it in .env" in missing.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    program = tmp_path / "carrel"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    text = (ROOT / "deploy" / "carrel.service").read_text(encoding="utf-8")
    unit = tmp_path / "carrel.service"
    unit.write_text(text.replace("/opt/carrel/bin/carrel", str(program)), encoding="utf-8")
    answer = _asked(["systemd-analyze", "verify", "--man=no", str(unit)])
    said = [line for line in answer.stderr.splitlines() if "carrel.service" in line]
    assert said == []


def test_the_unit_is_hardened() -> None:
    unit = (ROOT / "deploy" / "carrel.service").read_text(encoding="utf-8").splitlines()
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "StateDirectory=carrel", "DynamicUser=yes"):
        assert line in unit
