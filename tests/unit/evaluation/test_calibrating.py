"""Calibrating: what tells more, meaning or words, counts more; judgments more than sentences."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from carrel.core.metadata import Metadata
from carrel.core.space import Vectors
from carrel.evaluation.calibrating import FEWEST_PAPERS, Found, Instruments, Reason, calibrate
from carrel.evaluation.held_out import Unit, drawn
from carrel.evaluation.sample_lists import Analysis
from carrel.indexing.analysis import PAPERS, PASSAGES, document_terms, query_terms
from carrel.search.weighing import usual_share
from carrel.storage.database import Catalog, open_database
from tests.fakes.vector_cache import InMemoryVectorCache
from tests.unit.evaluation.libraries import Reader, at_random, judge, library, paper_number

ANALYSIS = Analysis(
    paper=partial(document_terms, field=PAPERS),
    passage=partial(document_terms, field=PASSAGES),
    question=query_terms,
)
COUNT = 55  # papers that sentences are drawn from: others have none, so that the tests are short
OTHERS = [Metadata(title=f"Of something else {number}") for number in range(COUNT, FEWEST_PAPERS)]


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = open_database(tmp_path)
    yield opened
    opened.close()


def by_words(number: int) -> Metadata:
    """Return a paper whose sentences have a word in common that no other paper has."""
    word = f"nomen{number}"
    return Metadata(
        title=f"Paper {at_random(str(number))[:8]}",
        abstract=f"We studied {word} in the laboratory. Here {word} is described at length. "
        f"It was found that {word} behaves as expected.",
    )


def by_meaning(number: int) -> Metadata:
    """Return a paper whose sentences have words of their own, and each one of another paper."""
    lures = [f"lure{(number + 1) % COUNT}x{each}" for each in range(3)]
    sentences = (f"Here {at_random(lure)[:12]} says something or other of {lure}." for lure in lures)
    return Metadata(title=" ".join(f"lure{number}x{each}" for each in range(3)), abstract=" ".join(sentences))


def idea_in(text: str) -> str:
    """Read a text as its paper's number. What all have in common makes any text rather near to any other."""
    found = re.findall(r"of lure(\d+)", text)
    return near_to_all(f"idea{(int(found[0]) - 1) % COUNT}" if found else at_random(text))


def near_to_all(word: str) -> str:
    """Return a text that has little but a word of its own."""
    return f"{word} common1 common2 common3 common4"


def calibrated(
    catalog: Catalog, vectors: InMemoryVectorCache, embedder: Reader, papers: list[Metadata]
) -> Found:
    base = library(catalog, vectors, embedder, papers)
    return calibrate(base, Instruments(catalog, vectors, embedder, ANALYSIS))


def test_where_meaning_is_noise_words_count_more(catalog: Catalog) -> None:
    vectors, embedder = InMemoryVectorCache(), Reader(at_random)
    papers = [*map(by_words, range(COUNT)), *OTHERS]
    found = calibrated(catalog, vectors, embedder, papers)
    assert found.reason is Reason.BETTER
    assert found.calibration.share < found.calibration.usual
    assert (found.calibration.sentences, found.calibration.papers) == (COUNT, len(papers))
    assert len(vectors.kept) == len(papers)  # what was held out is nowhere


def test_where_words_are_noise_meaning_counts_more(catalog: Catalog) -> None:
    papers = [*map(by_meaning, range(COUNT)), *OTHERS]
    found = calibrated(catalog, InMemoryVectorCache(), Reader(idea_in), papers)
    assert found.calibration.share > found.calibration.usual


def test_judgments_say_more_than_sentences(catalog: Catalog) -> None:
    papers = [*map(by_words, range(COUNT)), *OTHERS]
    abouts = [f"{each.title}\n{each.abstract}" for each in papers]

    def reads(text: str) -> str:
        """Read a judged question as what its answer is about, and everything else as noise."""
        return near_to_all(at_random(abouts[int(text.split()[1])] if text.startswith("wanted") else text))

    vectors, embedder = InMemoryVectorCache(), Reader(reads)
    base = library(catalog, vectors, embedder, papers)
    tools = Instruments(catalog, vectors, embedder, ANALYSIS)
    assert calibrate(base, tools).calibration.share <= usual_share([base.domain])
    said = [(f"wanted {number} nomen{(number + 1) % COUNT}", number) for number in range(30)]
    judge(catalog, base, said, by="viewer")
    of_a_viewer = calibrate(base, tools).calibration
    assert (of_a_viewer.judged, of_a_viewer.queries) == (0, 0)
    assert of_a_viewer.share <= of_a_viewer.usual
    judge(catalog, base, said)
    found = calibrate(base, tools)
    assert found.calibration.share > found.calibration.usual
    assert (found.calibration.judged, found.calibration.queries) == (30, 30)


@pytest.mark.parametrize(("calls", "texts"), [(1, 1), (2, 8)])
def test_a_model_here_is_asked_for_a_text_at_a_time(catalog: Catalog, calls: int, texts: int) -> None:
    class Counting(Reader):
        """Notes how many texts come between two pauses."""

        def __init__(self) -> None:
            super().__init__()
            self.since, self.most = 0, 0

        @property
        def parallel_calls(self) -> int:
            return calls

        def embed_documents(self, texts: Sequence[str]) -> Vectors:
            self.since += len(texts)
            self.most = max(self.most, self.since)
            return super().embed_documents(texts)

        def pause(self) -> None:
            self.since = 0

    vectors, embedder = InMemoryVectorCache(), Counting()
    base = library(catalog, vectors, embedder, [*map(by_words, range(COUNT)), *OTHERS])
    embedder.since = embedder.most = 0
    calibrate(base, Instruments(catalog, vectors, embedder, ANALYSIS, pause=embedder.pause))
    assert embedder.most == texts


def test_too_little_tells_nothing(catalog: Catalog) -> None:
    short = [
        Metadata(title=f"Paper {number}", abstract="One sentence only.") for number in range(FEWEST_PAPERS)
    ]
    vectors, embedder = InMemoryVectorCache(), Reader()
    base = library(catalog, vectors, embedder, short)
    tools = Instruments(catalog, vectors, embedder, ANALYSIS)
    assert (found := calibrate(base, tools)).reason is Reason.FEW_QUESTIONS
    assert not found.calibration.measured
    judge(catalog, base, ((f"Paper {number}", number) for number in range(30)))
    assert calibrate(base, tools).calibration.judged == 30


def test_papers_that_the_model_does_not_read_are_left_out(catalog: Catalog) -> None:
    papers = [
        Metadata(title=f"论文{number}", abstract="第一句话在这里。第二句话在这里。第三句话。", language="zh")
        for number in range(COUNT)
    ]
    english = frozenset({"en"})
    found = calibrated(catalog, InMemoryVectorCache(), Reader(languages=english), [*papers, by_words(0)])
    assert (found.reason, found.papers) == (Reason.FEW_PAPERS, 1)


def test_of_code_what_its_docstrings_say_is_asked(catalog: Catalog) -> None:
    code = [
        f'def f{number}(x):\n    """Return what nomen{number} of this thing amounts to."""\n'
        f"    y = nomen{number}(x)\n    return y\n"
        for number in range(COUNT)
    ]
    files = [Metadata(title=f"f{number}.py") for number in range(FEWEST_PAPERS)]
    code += ["pass"] * (FEWEST_PAPERS - COUNT)
    vectors, embedder = InMemoryVectorCache(), Reader(at_random)
    base = library(catalog, vectors, embedder, files, code)
    found = calibrate(base, Instruments(catalog, vectors, embedder, ANALYSIS))
    assert found.calibration.usual > 0.9
    assert found.calibration.share < found.calibration.usual
    assert found.calibration.sentences == COUNT


def test_what_is_asked_is_not_in_what_is_left() -> None:
    units = [Unit(paper_number(n), paper_number(n), "", by_words(n), by_words(n).abstract) for n in range(9)]
    lower = "the flow is laminar at first . the plate is heated from below . it becomes turbulent later ."
    units.append(Unit(paper_number(9), paper_number(9), "", Metadata(), lower))
    found = drawn(units, 100, "seed")
    assert len({each.unit for each in found}) == len(units)
    for each in found:
        assert each.sentence not in each.rest
        assert len(each.sentence) + len(each.rest) >= len(units[each.unit].text) - 2
    assert drawn(units[::-1], 100, "seed") != drawn(units[::-1], 100, "another")
    asked = [each.sentence for each in found]
    assert [each.sentence for each in drawn(units[::-1], 100, "seed")] == asked
