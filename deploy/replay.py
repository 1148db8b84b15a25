"""Replays the Dockerfile's steps in a clean folder, without Docker, and runs what comes of them.

The steps are read from the Dockerfile itself. Absolute folders of the image stand below a temporary folder;
the image's Python is a fresh virtual environment of this one; users and packages of Debian are left out. Then
the image's command runs as an unprivileged user on files it cannot write, its health check must succeed, and
SIGTERM must end it with exit code 0. Run: ``make image-check``.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PORT = "8765"
_FOLDERS = re.compile(r"(?<![\w./-])/(?=(?:opt|build|data|cache)\b)")
_SYSTEM = ("groupadd", "install -d -o")  # what only root of a machine of one's own should do
_NOBODY = 65534
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


@dataclass
class Stage:
    """One stage of the Dockerfile: its instructions in order."""

    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, word: str) -> str:
        """Return the arguments of the last such instruction."""
        return [arguments for found, arguments in self.steps if found == word][-1]


def stages(dockerfile: str) -> list[Stage]:
    """Return the stages of a Dockerfile; what stands before the first FROM is left out."""
    lines = [line for line in dockerfile.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found: list[Stage] = []
    for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        word, _, arguments = line.strip().partition(" ")
        if word == "FROM":
            found.append(Stage(arguments.partition(" AS ")[2]))
        elif found:
            found[-1].steps.append((word, arguments.strip()))
    return found


def build(stage: Stage, image: Path, base: Path) -> None:
    """Do the steps of a stage that builds, with the image's folders below ``image``."""
    environment = {**os.environ, "PATH": f"{base}/bin:/usr/bin:/bin"}
    folder = image
    for word, arguments in stage.steps:
        if word == "WORKDIR":
            folder = Path(_placed(arguments, image))
            folder.mkdir(parents=True, exist_ok=True)
        elif word == "ENV":
            environment |= dict(re.findall(r"(\w+)=(\S+)", arguments))
        elif word == "COPY":
            _copy(arguments.split(), folder)
        elif word == "RUN":
            print(f"RUN {arguments}", flush=True)
            subprocess.run(["sh", "-ec", _placed(arguments, image)], cwd=folder, env=environment, check=True)
        elif word != "ARG":
            raise ValueError(f"the replay does not know {word}")


def run(stage: Stage, image: Path) -> None:
    """Start the stage's command, ask its health check, stop it.

    Raises:
        RuntimeError: it does not get healthy, or does not end with 0 when asked to.
    """
    for word, arguments in stage.steps:
        if word == "RUN" and not arguments.startswith((*_SYSTEM, 'if [ -n "$DEBIAN_PACKAGES" ]')):
            raise ValueError(f"the replay does not know how to do: {arguments}")
    port = _free_port()
    environment = _environment(stage, image)
    for name in ("data", "cache"):
        (image / name).mkdir(exist_ok=True)
        if os.geteuid() == 0:
            os.chown(image / name, _NOBODY, _NOBODY)
    command = json.loads(stage.last("ENTRYPOINT")) + json.loads(stage.last("CMD").replace(PORT, port))
    health = stage.last("HEALTHCHECK").partition(" CMD ")[2].replace(PORT, port)
    process = subprocess.Popen(_as_nobody(command), cwd=image / "data", env=environment)
    try:
        _until_healthy(process, _as_nobody(json.loads(health)), environment)
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=_STOP_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if code != 0:
        raise RuntimeError(f"after SIGTERM it ended with {code}")


def _environment(stage: Stage, image: Path) -> dict[str, str]:
    found = {
        "PATH": "/usr/bin:/bin",
        "CARREL_GATEWAY_API_KEY": "replay",
        # As in compose.yaml, with a server that is not there: Carrel starts without it, and needs no weights.
        "CARREL_EMBEDDER": "Qwen/Qwen3-Embedding-4B",
        "CARREL_EMBEDDER_URL": "http://127.0.0.1:9/v1",
    }
    for word, arguments in stage.steps:
        if word == "ENV":
            for name, value in re.findall(r"(\w+)=(\S+)", arguments):
                found[name] = _placed(value, image).replace("$PATH", found["PATH"])
    return found


def _until_healthy(
    process: "subprocess.Popen[bytes]", health: list[str], environment: dict[str, str]
) -> None:
    began = time.monotonic()
    while subprocess.run(health, env=environment, capture_output=True, check=False).returncode:
        if process.poll() is not None:
            raise RuntimeError(f"it ended with {process.returncode} before it was healthy")
        if time.monotonic() - began > _START_SECONDS:
            raise RuntimeError("its health check did not succeed")
        time.sleep(0.2)
    print(f"healthy after {time.monotonic() - began:.1f} s", flush=True)


def _placed(text: str, image: Path) -> str:
    return _FOLDERS.sub(f"{image}/", text)


def _copy(words: list[str], folder: Path) -> None:
    *sources, target = words
    for source in (ROOT / name for name in sources):
        if source.is_dir():
            shutil.copytree(
                source, folder / target, ignore=shutil.ignore_patterns("__pycache__", "node_modules")
            )
        else:
            shutil.copy(source, folder / target)


def _as_nobody(command: list[str]) -> list[str]:
    if os.geteuid() != 0:
        return command
    return [
        "setpriv",
        f"--reuid={_NOBODY}",
        f"--regid={_NOBODY}",
        "--clear-groups",
        "--no-new-privs",
        *command,
    ]


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


def main() -> None:
    """Replay, and say what came of it."""
    with tempfile.TemporaryDirectory(prefix="carrel-image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        base, image = folder / "base", folder / "image"
        image.mkdir()
        subprocess.run([sys.executable, "-m", "venv", base], check=True)
        builder, final = stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))
        build(builder, image, base)
        packages = subprocess.run(
            ["du", "-sm", image / "opt" / "carrel"], capture_output=True, text=True, check=True
        )
        print(f"/opt/carrel: {packages.stdout.split()[0]} MB")
        # What the second stage does not copy is not there when it runs.
        for left in ("build", "opt/hatch"):
            shutil.rmtree(image / left)
        subprocess.run(["chmod", "-R", "a-w,a+rX", image / "opt"], check=True)
        try:
            run(final, image)
        finally:
            subprocess.run(["chmod", "-R", "u+w", image / "opt"], check=True)
    print("The image's steps work.")


if __name__ == "__main__":
    main()
