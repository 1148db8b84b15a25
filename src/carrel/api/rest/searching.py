"""Running searches: a few at a time, in threads of their own, and none behind a model that hangs."""

import asyncio
import contextvars
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Literal, ParamSpec, TypeVar

from carrel.api.rest.model_turns import ModelTurns
from carrel.bootstrap import Services
from carrel.core.accounts import Caller
from carrel.core.courtesy import Asking
from carrel.core.errors import CarrelError, IndexDamaged, ServiceError, SpaceMismatch
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Index
from carrel.core.ranking import Mode, Query, SearchResult, StageTimings
from carrel.core.rest_errors import TooBusy
from carrel.library.mending import check_complete

AT_ONCE = 4  # on the processor; those who wait for a model's server are not counted
INSIDE = 128
OF_ONE = 64  # a user's: a program with one key may ask a lot, and leaves room for others
_PATIENCE_SECONDS = 30.0
_OF_AN_INDEX = (SpaceMismatch, IndexDamaged)  # no model's fault
_BESIDE_SECONDS = 2.0  # for which what is no search lets searches go first

P = ParamSpec("P")
T = TypeVar("T")
EmbedderState = Literal["ok", "unavailable", "unknown"]


class Overtaken(Exception):
    """Whoever asked has asked something else meanwhile, and reads this answer no more."""


class Searches:
    """Every search of the server goes through ``apart`` and ``run``. Safe to use from several threads.

    Args:
        services: whose indexes this process owns.
        at_once: how many run; the others wait.
        inside: how many run or wait.
        of_one: how many of them may be one user's.
        turns: how many ask a model at once.
    """

    def __init__(
        self,
        services: Services,
        at_once: int = AT_ONCE,
        inside: int = INSIDE,
        of_one: int = OF_ONE,
        turns: ModelTurns | None = None,
    ) -> None:
        self._services = services
        self._free = threading.BoundedSemaphore(at_once)
        self._of: Counter[str] = Counter()  # those inside, by user; only the event loop looks at it
        self._inside, self._of_one = inside, of_one
        # Of their own: however many wait, every other route finds a thread.
        self._threads = ThreadPoolExecutor(inside, "search")
        self.turns = turns or ModelTurns()
        self._beside = ModelTurns(at_once=1)
        self._newest: dict[str, str] = {}  # question of each user who reads the answers
        self._of_known_width: set[str] = set()  # models
        self.embedder: EmbedderState = "unknown"  # how its last call ended
        self.after: Callable[[StageTimings], None] = lambda _: None  # told how long each search took

    async def apart(self, caller: Caller, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do what searches, in a thread of its own. Raises TooBusy, and what the work raises."""
        who = caller.user_id
        if self._of.total() >= self._inside or self._of[who] >= self._of_one:
            raise TooBusy
        self._of[who] += 1
        in_context = partial(contextvars.copy_context().run, work, *args, **kwargs)
        working = asyncio.get_running_loop().run_in_executor(self._threads, in_context)
        working.add_done_callback(lambda _: self._left(who))  # not before, even where nobody waits any more
        return await asyncio.shield(working)

    def run(self, query: Query, caller: Caller) -> SearchResult:
        """Answer a query over what the caller may read.

        Raises:
            TooBusy: it would wait for too long.
            CarrelError: as ``Services.search``.
        """
        shelves = self._services.shelves.of(caller).readable(query.knowledge_bases)
        filled = [found for found in shelves if found.papers]
        indexes, failures = [], dict[str, CarrelError]()
        for found in filled:
            try:
                indexes.append((found, self._opened(found)))
            except CarrelError as error:  # said by the search, or what is left out of it
                failures[found.id] = error

        def index_of(knowledge_base: KnowledgeBase) -> Index:
            if (failure := failures.get(knowledge_base.id)) is not None:
                raise failure
            return self._services.index_of(knowledge_base)

        with self.place():
            for found, index in indexes:
                check_complete(found, index, self._services.catalog)
            try:
                services = replace(self._services, index_of=index_of)
                result = services.search(query, caller, self.asking)
            except ServiceError:
                if query.mode is not Mode.LEXICAL:
                    self.embedder = "unavailable"
                raise
        if query.mode is not Mode.LEXICAL and filled and not result.listed:
            away = [each for each in result.left_out if not isinstance(each.error, _OF_AN_INDEX)]
            self.embedder = "unavailable" if away else "ok"
        self.after(result.took_ms)
        return result

    def _opened(self, knowledge_base: KnowledgeBase) -> Index:
        """Return its index, before there is a place: a model whose width is not known yet is asked for it."""
        model = knowledge_base.embedder
        if model in self._of_known_width:
            return self._services.index_of(knowledge_base)
        with self.turns.one(model):
            index = self._services.index_of(knowledge_base)
        self._of_known_width.add(model)
        return index

    @contextmanager
    def place(self) -> Iterator[None]:
        """Be one of the few that search while the block runs. Raises TooBusy."""
        if not self._free.acquire(timeout=_PATIENCE_SECONDS):
            raise TooBusy
        try:
            yield
        finally:
            self._free.release()

    @contextmanager
    def asking(self, model: str) -> Iterator[None]:
        """Give the place to others while the block asks a model."""
        self._free.release()
        try:
            with self.turns.one(model):
                yield
        finally:
            self._free.acquire()

    def reads(self, caller: Caller, question: str) -> None:
        """Take note that the caller is to read the answer to this question now, and to no other."""
        self._newest[caller.user_id] = question

    def beside(self, caller: Caller, question: str) -> Asking:
        """Return what to ask models within for more of an answer that its reader has already.

        One at a time asks a model, once no search is under way. It raises Overtaken when the caller reads the
        answer to another question.
        """
        self.reads(caller, question)

        @contextmanager
        def asking(model: str) -> Iterator[None]:
            with self._beside.one(model):
                self._services.courtesy.give_way(_BESIDE_SECONDS)
                if self._newest[caller.user_id] != question:
                    raise Overtaken
                with self.turns.one(model):
                    yield

        return asking

    def close(self) -> None:
        """Begin no more searches."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _left(self, who: str) -> None:
        self._of[who] -= 1
        if not self._of[who]:
            del self._of[who]
