"""ARCHITECTURE.md names every file in the words of the file itself."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "carrel"


def _first_paragraph(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return re.sub(r"\s+", " ", docstring.split("\n\n")[0]).replace("|", "\\|")


def test_every_file_has_its_line_and_no_line_is_left_over() -> None:
    files = [path for path in SOURCE.rglob("*.py") if path.name != "__init__.py"]
    expected = {f"| `{path.relative_to(SOURCE)}` | {_first_paragraph(path)} |" for path in files}
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    found = {line for line in text.splitlines() if re.match(r"\| `\S+\.py` \|", line)}
    assert found == expected


def test_files_are_short_enough_to_read() -> None:
    long = {path.name for path in SOURCE.rglob("*.py") if len(path.read_text().splitlines()) > 350}
    assert long == set()
