"""A search under way: what is asked, of which knowledge bases, and what the stages have made of it so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import EmbeddedQuery
from carrel.core.ranking import LeftOut, Query
from carrel.core.understanding import Understood
from carrel.search.exact import Texts
from carrel.search.likes import NO_TASTES, Tastes
from carrel.search.retrieve import Asked
from carrel.search.scope import Scope
from carrel.search.sources import Sources
from carrel.search.translate import UNTRANSLATED, Translated


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What the stages of a search hand on. Each returns one that says more, or is narrower.

    ``knowledge_bases`` are those in which something may be found. ``questions`` are the query's vectors, and
    ``left_out`` says where a model could not give one, or an index could not be opened.
    """

    query: Query
    understood: Understood
    knowledge_bases: tuple[KnowledgeBase, ...]
    scope: Scope
    sources: Sources
    tastes: Tastes = NO_TASTES
    translation: Translated = UNTRANSLATED
    questions: Mapping[Asked, EmbeddedQuery] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()

    @property
    def text(self) -> str:
        """What is asked, without operators."""
        return self.understood.text

    @property
    def words(self) -> str:
        """The words to look for: what is asked, and the titles of liked papers."""
        return self.tastes.words(self.text)

    @property
    def narrow(self) -> bool:
        """Whether there are papers that may not be found."""
        return self.scope.narrow or self.understood.of_words

    @property
    def texts(self) -> Texts:
        """Where the words of papers are looked up."""
        return Texts(self.knowledge_bases, self.sources.catalog, self.sources.index_of)
