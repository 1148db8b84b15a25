"""Packs texts into requests by their tokens. Pure."""

from collections import deque
from collections.abc import Sequence
from threading import Lock

_LEAST_SHARE = 2048  # tokens: a request costs something whatever its size


class Pending:
    """The texts of one call that wait for a request, longest first, so that a request's texts are alike.

    A server pads or schedules a request by its longest text. Safe to use from several threads.
    """

    def __init__(self, tokens: Sequence[int], most_texts: int) -> None:
        """Take how many tokens each text has, about, and how many texts a request may hold."""
        self._tokens = tokens
        self._most_texts = most_texts
        self._waiting = deque(sorted(range(len(tokens)), key=lambda row: -tokens[row]))
        self._left = sum(tokens)
        self._lock = Lock()

    def take(self, budget: int, sharers: int = 1) -> list[int]:
        """Return the rows of the next request: at most ``budget`` tokens, at least one text; none at the end.

        With ``sharers`` requests under way at once, the last ones are made smaller, so that all end together.
        """
        with self._lock:
            budget = max(1, min(budget, max(_LEAST_SHARE, -(-self._left // max(1, sharers)))))
            rows: list[int] = []
            used = 0
            while self._waiting and len(rows) < self._most_texts:
                cost = self._tokens[self._waiting[0]]
                if rows and used + cost > budget:
                    break
                rows.append(self._waiting.popleft())
                used += cost
            self._left -= used
            return rows
