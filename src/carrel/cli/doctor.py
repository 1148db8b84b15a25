"""``carrel doctor``: is this installation well, and if not, what to do."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from carrel.bootstrap import Services, open_services
from carrel.cli.engines_in_use import served_embedder, served_reranker
from carrel.cli.output import note, print_json, printable
from carrel.config import Settings, load_settings
from carrel.core import counts
from carrel.core.errors import CarrelError, IndexBusy
from carrel.core.language import tr
from carrel.ingest.samples import samples_folder
from carrel.library.mending import in_step

PASS, WARN, FAIL = "pass", "warn", "fail"
_PROBE = "Sparse attention reads long documents."


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was looked at, how it stands, and what was seen or what to do."""

    name: str
    status: str
    message: str


def examine(as_json: bool) -> int:
    """Run every check and print its outcome. Exit code 0 when none failed, otherwise 1 or the error's."""
    settings = load_settings()
    checks: list[Check] = []
    codes: set[int] = {0}

    def run(name: str, look: Callable[[], tuple[str, str]]) -> None:
        try:
            status, message = look()
        except CarrelError as error:
            status, message = FAIL, str(error)
            codes.add(error.exit_code)
        if status == FAIL:
            codes.add(1)
        checks.append(Check(name, status, message))

    run("python", lambda: (PASS, sys.version.split()[0]))
    run("disk", lambda: _disk(settings))
    opened: list[Services] = []
    run("data folder", lambda: _data_folder(settings, opened))
    if opened:
        services = opened[0]
        try:
            run("model", lambda: _model(services))
            run("index", lambda: _index(services))
            run("pdf reader", lambda: _pdf_reader(services))
            run("ocr", lambda: _ocr(settings))
            run("embedder", lambda: served_embedder(settings))
            run("reranker", lambda: served_reranker(settings))
        finally:
            services.close()
    _print(checks, as_json)
    return max(codes)


def _print(checks: list[Check], as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "ok": all(check.status != FAIL for check in checks),
                "checks": [
                    {"name": check.name, "status": check.status, "message": check.message} for check in checks
                ],
            }
        )
        return
    marks = {PASS: "✓", WARN: "!", FAIL: "✗"}
    for check in checks:
        print(f"{marks[check.status]} {check.name}: {printable(check.message)}")


def _disk(settings: Settings) -> tuple[str, str]:
    folder = next(parent for parent in (settings.home, *settings.home.parents) if parent.exists())
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    message = tr("{free} MB free in {folder}").format(free=free_mb, folder=folder)
    if free_mb < settings.keep_free_mb:
        return FAIL, message + tr(", less than the {wanted} MB that are kept free").format(
            wanted=settings.keep_free_mb
        )
    return PASS, message


def _data_folder(settings: Settings, opened: list[Services]) -> tuple[str, str]:
    opened.append(open_services(settings, note))
    shelves = opened[0].shelves.readable()
    papers = sum(knowledge_base.papers for knowledge_base in shelves)
    return PASS, f"{settings.home}: " + counts.listed(
        counts.knowledge_bases(len(shelves)), counts.papers(papers)
    )


def _model(services: Services) -> tuple[str, str]:
    from carrel.core.knowledge_base import DEFAULT_EMBEDDER
    from carrel.engines.weights import MINILM, all_present

    settings = services.settings
    if not all_present(MINILM, MINILM.folder(settings.cache)):
        return WARN, tr(
            "{model} is not fetched yet; the first use fetches it, or: carrel models pull"
        ).format(model=DEFAULT_EMBEDDER)
    from carrel.engines.models import load_minilm

    embedder = load_minilm(settings.cache, announce=note, offline=settings.offline)
    width = embedder.embed_query(_PROBE).vector.shape[0]
    return PASS, tr("{model} answers with {width} dimensions").format(model=DEFAULT_EMBEDDER, width=width)


def _index(services: Services) -> tuple[str, str]:
    try:
        services.own_index("carrel doctor", wait_seconds=0)
    except IndexBusy as error:
        return WARN, str(error)
    for knowledge_base in services.shelves.readable():
        if knowledge_base.papers and not in_step(knowledge_base, services.index_of(knowledge_base)):
            return FAIL, tr(
                "the index of {name} does not agree with the catalog; the next carrel add mends it"
            ).format(name=knowledge_base.name)
    return PASS, tr("it agrees with the catalog")


def _pdf_reader(services: Services) -> tuple[str, str]:
    sample = _sample()
    parsed = services.parser().parse(sample, sample.name)
    return PASS, tr("it reads {name}: {pages} pages").format(name=sample.name, pages=len(parsed.pages))


def _ocr(settings: Settings) -> tuple[str, str]:
    from carrel.parsing.tesseract import find_program, find_tesseract, installed_languages

    if not settings.ocr:
        return PASS, tr("it is off (CARREL_OCR): scanned pages are not read")
    program = find_program()
    if program is None:
        return WARN, tr(
            "Tesseract is not on this machine: scanned pages are not read; install tesseract-ocr and, "
            "for Chinese, tesseract-ocr-chi-sim"
        )
    installed = ", ".join(installed_languages(program))
    tesseract = find_tesseract(settings.ocr_languages)
    if tesseract is None or {*settings.ocr_languages.split("+")} - {"", *tesseract.languages}:
        return WARN, tr(
            "Tesseract has no data for some of {wanted}; it has {installed}: install the package of the "
            "language, or change CARREL_OCR_LANGUAGES"
        ).format(wanted=settings.ocr_languages or "eng+chi_sim", installed=installed or "-")
    return PASS, tr("Tesseract reads {languages}; installed: {installed}").format(
        languages="+".join(tesseract.languages), installed=installed
    )


def _sample() -> Path:
    return min(samples_folder().glob("*.pdf"))
