"""``python -m benchmarks.screenshots``: pictures of every page, into ``docs/screenshots``.

Kept in the repository: light on a desktop in English, and dark on a phone in Chinese. ``--all FOLDER`` makes
every page light and dark, on a desktop and a phone, in English and Chinese, to be looked at.
"""

import argparse
import io
from itertools import product
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Page

from benchmarks.reading_room import ReadingRoom, broken_file, reading_room

Scheme = Literal["light", "dark"]
Looks = tuple[str, Scheme, str]  # size, scheme, language

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "docs" / "screenshots"
SIZES = {"desktop": (1280, 860), "phone": (390, 844)}
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
OF_THE_REPOSITORY: tuple[Looks, ...] = (("desktop", "light", "en"), ("phone", "dark", "zh"))
QUESTIONS = {
    "en": "What methods exist for modelling long sequences with Transformers?",
    "zh": "基于Transformer的长序列建模方法有哪些?",
}
PAGES = {
    "search": "/",
    "answer": "/?q={question}",
    "answer-why": "/?q={question}&why=1&timings=1",
    "paper": "{paper}?q=random+attention",
    "knowledge-bases": "/shelves",
    "knowledge-base": "/shelves/{base}",
    "sharing": "/shelves/{base}/sharing",
    "knowledge-base-settings": "/shelves/{base}/settings",
    "vectorization": "/shelves/{base}/vectorization",
    "glance": "/glance",
    "jobs": "/jobs",
    "account": "/settings",
    "models": "/settings/models",
    "users": "/settings/users",
    "audit": "/settings/audit",
    "storage": "/settings/storage",
    "papers-to-search": "/welcome/library",
    "nothing-here": "/nothing-here",
}
OF_NOBODY = {"sign-in": "/sign-in"}
_QUALITY = 60  # of WebP: text stays sharp


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every combination, into this folder")
    options = parser.parse_args()
    looks = tuple(product(SIZES, SCHEMES, LOCALES)) if options.all else OF_THE_REPOSITORY
    folder = options.all or KEPT
    folder.mkdir(parents=True, exist_ok=True)
    with reading_room() as room:
        room.server.client().json(
            "PUT", f"/api/v1/knowledge-bases/{room.base}/members/bob", {"role": "viewer"}
        )
        broken_file(room)
        made = [path for each in looks for path in _pictures(room, each, folder)]
    total = sum(path.stat().st_size for path in made)
    print(f"{len(made)} pictures, {total / 1e6:.1f} MB, in {folder}")
    if not options.all:
        _index(made)


def _pictures(room: ReadingRoom, looks: Looks, folder: Path) -> list[Path]:
    size, scheme, language = looks
    made = []
    for pages, state in ((PAGES, room.state), (OF_NOBODY, None)):
        context = room.browser.new_context(
            base_url=room.url,
            viewport={"width": SIZES[size][0], "height": SIZES[size][1]},
            color_scheme=scheme,
            locale=LOCALES[language],
            reduced_motion="reduce",
            storage_state=state,
        )
        page = context.new_page()
        for name, address in pages.items():
            path = folder / f"{name}-{size}-{scheme}-{language}.webp"
            paper = room.paper("bigbird-random-sparse-attention.pdf")
            wanted = address.format(base=room.base, paper=paper, question=QUESTIONS[language])
            if _picture(page, wanted, path, name == "nothing-here"):
                made.append(path)
        context.close()
    return made


def _picture(page: Page, address: str, path: Path, may_be_missing: bool) -> bool:
    """Make a picture of a page; False where there is no such page."""
    answer = page.goto(address)
    if answer is None or (answer.status == 404 and not may_be_missing):
        return False
    page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").save(path, "WEBP", quality=_QUALITY, method=6)
    return True


def _index(made: list[Path]) -> None:
    """Write a page that shows them."""
    names = sorted({path.name.rsplit("-", 3)[0] for path in made})
    lines = ["# The pages", "", "Made by `python -m benchmarks.screenshots`.", ""]
    for name in names:
        shown = [path for path in made if path.name.rsplit("-", 3)[0] == name]
        lines += [f"## {name.replace('-', ' ')}", ""]
        lines += [
            f'<img src="{path.name}" alt="{path.stem.replace("-", " ")}" width="{width}">'
            for path in shown
            for width in ("640" if "desktop" in path.name else "220",)
        ]
        lines.append("")
    (KEPT / "README.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
