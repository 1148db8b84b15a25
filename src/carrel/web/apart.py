"""Pages that search: made in threads of their own, so that one that waits keeps no other page waiting."""

import inspect
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

from starlette.responses import Response

from carrel.web.reader import Reader

P = ParamSpec("P")


def apart(work: Callable[P, Response]) -> Callable[P, Coroutine[Any, Any, Response]]:
    """Return a route that does the work of one which takes a ``reader``, in a thread of the searches.

    It raises TooBusy where too many wait, and what the work raises.
    """

    async def asked(*args: P.args, **kwargs: P.kwargs) -> Response:
        reader = kwargs["reader"]
        assert isinstance(reader, Reader)
        return await reader.rest.searches.apart(reader.access.caller, work, *args, **kwargs)

    asked.__name__, asked.__doc__ = work.__name__, work.__doc__
    asked.__signature__ = inspect.signature(work)  # type: ignore[attr-defined]  # what FastAPI reads
    return asked
