"""A model's server named, tried and put to use on the pages, while others search: real HTTP, chromium."""

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.pages import Site, drop_input, new_base
from tests.e2e.rest_server import paper
from tests.fakes.embedding_server import Asked, EmbeddingServerFake, Reply
from tests.fakes.embedding_server import serving as serving_model

pytestmark = pytest.mark.model

USUAL, OTHER = "all-MiniLM-L6-v2", "words"
KEY = "sk-nobody-may-read-this"
QUERY_SIGN = "asked: "
SUBJECTS = ("glaciers", "violins", "comets", "corals", "bridges", "tides")
PARTS = ("Introduction", "Method", "Materials", "Results", "Discussion", "Limits", "Outlook", "Related work")
PAPERS: list[FilePayload] = [
    {
        "name": f"{subject}-{number}.md",
        "mimeType": "text/markdown",
        "buffer": paper(f"{subject.title()} in year {number}")
        + "\n\n".join(
            f"## {part}\n\nOn {subject} in year {number}: the {part.lower()} of {subject} are told here."
            for part in PARTS
        ).encode(),
    }
    for subject in SUBJECTS
    for number in (1, 2)
]
LET_THROUGH = 12  # requests with passages, while the building is looked at


class Halting(EmbeddingServerFake):
    """A well-behaved server that stops in the middle of a building until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.model, self.key = OTHER, KEY
        self.answer = self._answer
        self.asked_questions = 0
        self._left: int | None = None  # requests with passages until it stops; None: it does not
        self._goes = threading.Event()

    def stop_after(self, requests: int) -> None:
        """Stop after so many requests with passages, as if each took very long."""
        self._left = requests

    def go_on(self) -> None:
        """Answer what waits, and everything else."""
        self._left = None
        self._goes.set()

    def _answer(self, asked: Asked) -> Reply:
        if asked.texts and asked.texts[0].startswith(QUERY_SIGN):
            self.asked_questions += 1
        elif self._left is not None:
            self._left -= 1
            if self._left < 0:
                self._goes.wait(110)  # less than what Carrel waits for an answer
        return self.embeddings(asked)


@pytest.fixture
def server() -> Iterator[Halting]:
    """The other model's server."""
    fake = Halting()
    with serving_model(fake):
        yield fake
        fake.go_on()


def test_a_model_is_tried_applied_and_gone_back_from_while_others_search(site: Site, server: Halting) -> None:
    with site.visit() as page, site.visit() as other:
        name_it(page, server)
        base = new_base(page, "changing")
        drop_input(page).set_input_files(PAPERS)
        expect(page.locator("table.papers tbody tr")).to_have_count(len(PAPERS))
        expect(page.locator("#under-way")).to_be_hidden()
        look_at_the_recall(page, base)
        estimate(page)
        asking = Asking(other, base)
        asking.ask()
        server.stop_after(LET_THROUGH)
        page.get_by_role("button", name="Apply").click()
        watch_it_being_built(page, asking)
        questions = server.asked_questions
        server.go_on()
        # The page tells the end by itself.
        serves = page.locator("dl.facts").first
        for _ in range(200):
            if not page.locator("#building").count():
                break
            asking.ask()
        expect(serves).to_contain_text(OTHER)
        expect(page.locator(".last-end")).to_contain_text("Generation 2: serves")
        asking.ask()
        assert server.asked_questions > questions, "the new model was not asked"
        # And back.
        expect(page.get_by_text("Generation 1 is kept to go back to")).to_contain_text(USUAL)
        page.get_by_role("button", name="Go back to it").click()
        expect(serves).to_contain_text(USUAL)
        expect(page.locator("#building")).to_have_count(0)
        expect(page.get_by_text("Generation 2 is kept to go back to")).to_contain_text(OTHER)
        questions = server.asked_questions
        asking.ask()
        assert server.asked_questions == questions, "the model before was not asked"
        leave_nothing(page)
    assert site.watch.elsewhere == []
    assert site.watch.errors == []


def name_it(page: Page, server: Halting) -> None:
    """Name the server on the settings page: first without its key, then as it is."""
    page.goto("/settings/models")
    page.get_by_role("link", name="Embedder").click()
    page.get_by_label("Base URL").fill(server.url)
    page.get_by_label("Model", exact=True).fill(OTHER)
    page.get_by_label("Instruction for questions").fill(QUERY_SIGN + "{text}")
    page.locator("summary", has_text="More").click()
    page.get_by_label("Texts a request").fill("4")
    page.get_by_label("Requests at once").fill("1")
    page.get_by_label("Leave out how fast it is").check()
    trial = page.locator("#trial")
    page.get_by_role("button", name="Test connection").click()
    expect(trial.locator("h2")).to_have_text("Not fit to be used like this")
    expect(trial.locator(".verdict.fail").first).to_contain_text("Incorrect API key provided")
    page.get_by_label("Key", exact=True).fill(KEY)
    page.get_by_role("button", name="Test connection").click()
    expect(trial.locator("h2")).to_have_text(re.compile("^It works"))
    expect(trial.locator(".verdict.pass").nth(3)).to_be_visible()
    expect(trial.locator(".verdict.fail")).to_have_count(0)
    # As it was sent, but for the key.
    trial.locator("summary", has_text="The request as it was sent").click()
    expect(trial.locator("pre").first).to_contain_text(f"POST {server.url}/embeddings")
    expect(trial.locator("pre").last).to_contain_text('"embedding"')
    assert KEY not in page.content()
    page.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name=OTHER)
    expect(row).to_contain_text(server.url)
    expect(row).to_contain_text("a key is set")
    expect(row).to_contain_text("no knowledge base yet")


def look_at_the_recall(page: Page, base: str) -> None:
    """Measure what fewer dimensions cost; a size of the table goes into the form."""
    page.goto(f"/shelves/{base}/vectorization")
    page.get_by_role("link", name="Measure").click()
    table = page.locator("#recall table")
    expect(table.locator("tbody tr").last).to_contain_text("nothing: these are all")
    sizes = table.locator("tbody tr").count()
    assert sizes >= 3
    expect(page.locator("#recall svg .recall-point")).to_have_count(sizes)
    table.get_by_role("link", name="128", exact=True).click()
    expect(page.get_by_label("Dimensions", exact=True)).to_have_value("128")
    expect(table).to_be_visible()  # measured once


def estimate(page: Page) -> None:
    """Wish for the other model and ask what it would take."""
    page.get_by_label("Dimensions", exact=True).fill("")
    page.get_by_label("Model", exact=True).select_option(OTHER)
    page.get_by_role("button", name="Estimate").click()
    said = page.locator("#estimate")
    expect(said).to_contain_text("texts a second")
    expect(said).to_contain_text("0 % are cached")
    expect(page.locator("#building")).to_have_count(0)


def watch_it_being_built(page: Page, asking: "Asking") -> None:
    """See progress while the new model's server takes its time, and answers of the one before."""
    building = page.locator("#building")
    expect(building.locator("h2")).to_have_text("Generation 2 is being built")
    expect(building).to_contain_text(re.compile(rf"[1-9]\d* of {len(PAPERS)} papers"))
    progress = building.locator("progress")
    assert 0 < int(str(progress.get_attribute("value"))) < len(PAPERS)
    assert progress.get_attribute("max") == str(len(PAPERS))
    expect(page.get_by_role("button", name="Apply")).to_be_disabled()
    expect(page.locator("dl.facts").first).to_contain_text(USUAL)
    # It is drawn anew every second; who stands on its button by keys stays there.
    give_up = building.get_by_role("button", name="Give it up")
    give_up.focus()
    with page.expect_response(re.compile("/vectorization/progress$")):
        pass
    for _ in range(3):
        asking.ask()
    expect(give_up).to_be_focused()
    expect(building.locator("h2")).to_have_text("Generation 2 is being built")


def leave_nothing(page: Page) -> None:
    """Let the other index go, and forget the server."""
    page.get_by_role("button", name="Let it go").click()
    expect(page.locator("h1")).to_have_text("Let the index before go?")
    page.get_by_role("button", name="Let it go").click()
    expect(page.get_by_text("is kept to go back to")).to_have_count(0)
    page.goto("/settings/models")
    page.get_by_role("link", name=OTHER, exact=True).click()
    expect(page.get_by_label("Key", exact=True)).to_have_value("")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("h1")).to_have_text("Remove this server?")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("None yet.")).to_be_visible()


class Asking:
    """Somebody who searches the knowledge base, each time something else."""

    def __init__(self, page: Page, base: str) -> None:
        self._page, self._base = page, base
        self._count = 0

    def ask(self) -> None:
        """Ask; no answer may be empty, and the first result is of the subject."""
        subject = SUBJECTS[self._count % len(SUBJECTS)]
        self._count += 1
        self._page.goto(f"/?kb={self._base}&q=the+results+of+{subject}+{self._count}")
        expect(self._page.locator("#hit-1 .hit-title")).to_contain_text(subject.title())
        assert self._page.locator(".hit").count() >= 2
