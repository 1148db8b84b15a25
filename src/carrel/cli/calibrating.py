"""``carrel kb calibrate``: how much meaning counts against words, found out on a knowledge base itself."""

import time
from collections.abc import Callable

from carrel.bootstrap import Services
from carrel.bootstrap.calibrating import due, found_out, set_back
from carrel.cli.output import Json, note, print_json, printable
from carrel.cli.session import services
from carrel.core.accounts import COMMAND_LINE, Role
from carrel.core.calibration import Calibration
from carrel.core.errors import CarrelError
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import tr
from carrel.core.ports import Embedder
from carrel.evaluation.calibrating import Found, Reason
from carrel.evaluation.share import Point


def calibrate_knowledge_base(
    name: str, forget: bool, as_json: bool, load: Callable[[str], Embedder] | None = None
) -> int:
    """Find it out, keep it and print it with the curve; ``forget``: let what is usual count again.

    No index is needed: a server that runs on the same data folder goes on, and searches by it from then on.
    ``load`` makes an embedder from a model's name; the engines' own by default.
    """
    with services(None, load) as opened:
        base = opened.shelves.require(name, Role.OWNER)
        if forget:
            _say_set_back(base, set_back(opened, base), as_json)
            return 0
        began = time.monotonic()
        found = found_out(opened, base, COMMAND_LINE, is_asked=True)
        seconds = time.monotonic() - began
    if as_json:
        print_json(_document(base, found, seconds))
        return 0
    for point in found.curve:
        print(_line(point, found.calibration))
    print(f"{shares_in_words(found.calibration.share)} {_why(found)}")
    return 0


def calibrate_where_due(opened: Services, base: KnowledgeBase) -> None:
    """Calibrate a knowledge base that was added to, if it is time: in words on standard error.

    A failure is said, and is none of what was added.
    """
    wanted = next((each for each in due(opened) if each.id == base.id), None)
    if wanted is None:
        return
    said = tr("Finding out how much meaning and how much words count in {name}; it may take half a minute.")
    note(said.format(name=printable(base.name)))
    try:
        found_out(opened, wanted, COMMAND_LINE)
    except CarrelError as error:
        note(tr("Warning: {message}").format(message=str(error)))


def shares_in_words(share: float) -> str:
    """Return how much meaning counts, and how much words, as a sentence."""
    return tr("Meaning counts {meaning:.2f}, words {words:.2f}.").format(meaning=share, words=1 - share)


def _say_set_back(base: KnowledgeBase, calibration: Calibration, as_json: bool) -> None:
    if as_json:
        print_json({"name": base.name, "share": calibration.share, "default": calibration.usual})
    else:
        print(f"{shares_in_words(calibration.share)} {tr('That is the default.')}")


def _document(base: KnowledgeBase, found: Found, seconds: float) -> dict[str, Json]:
    return {
        "name": base.name,
        "share": found.calibration.share,
        "default": found.calibration.usual,
        "reason": found.reason.value,
        "papers": found.papers,
        "sentences": found.sentences,
        "judged": found.judged,
        "seconds": round(seconds, 2),
        "curve": [
            {
                "share": point.share,
                "ndcg@10": round(point.mean, 6),
                "gain": round(point.gain, 6),
                "standard_error": round(point.error, 6),
            }
            for point in found.curve
        ],
    }


def _line(point: Point, calibration: Calibration) -> str:
    line = f"  {point.share:.2f}  nDCG@10 {point.mean:.4f}"
    marks = []
    if point.share == calibration.usual:
        marks.append(tr("default"))
    else:
        line += f"  {point.gain:+.4f} ± {point.error:.4f}"
    if point.share == calibration.share:
        marks.append(tr("chosen"))
    return f"{line}  {', '.join(marks)}".rstrip()


def _why(found: Found) -> str:
    counts = {"papers": found.papers, "sentences": found.sentences, "judged": found.judged}
    return {
        Reason.FEW_PAPERS: tr("That is the default: {papers} papers that the model reads tell too little."),
        Reason.FEW_QUESTIONS: tr(
            "That is the default: {sentences} sentences and {judged} judged questions tell too little."
        ),
        Reason.USUAL: tr(
            "That is the default: no other share is better by more than chance on {sentences} sentences of "
            "{papers} papers and {judged} judged questions."
        ),
        Reason.BETTER: tr(
            "That is better than the default by more than chance on {sentences} sentences of {papers} "
            "papers and {judged} judged questions."
        ),
    }[found.reason].format(**counts)
