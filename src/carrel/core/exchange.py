"""A request and its reply as they went over the wire, fit to be shown: keys hidden, long things shortened."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request to a model's server and what came back.

    ``sent`` and ``received`` are the bodies as text, vectors and long texts shortened with an ellipsis.
    ``headers`` are those sent, each as ``Name: value``; the value of a key is never in them.
    """

    method: str
    url: str
    headers: tuple[str, ...]
    sent: str
    status: int
    received: str
    milliseconds: float
