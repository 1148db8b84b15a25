"""What a question is asked for: the instruction that instruction-aware models read before it.

An instruction changes the question and not the library, so it is a field of the query and of neither
encoder nor space. Where the asker says nothing, the domain of what is searched does. Qwen3-Embedding wants
it in English whatever the language of the question, and loses 1 to 5 % without one (its model card).
"""

from collections.abc import Collection, Mapping

from carrel.core.domains import Domain

DEFAULT_TASK = "papers"

TASKS: Mapping[str, str] = {
    "papers": "Given a question or topic, retrieve passages of academic papers that answer it",
    "evidence": "Given a claim, retrieve passages of papers that support or refute it",
    "method": "Given the description of a method, retrieve papers that use the same method",
    "documents": "Given a question or topic, retrieve passages of documents that answer it",
    "patents": "Given the description of an invention, retrieve patents that disclose it",
    "statutes": "Given a legal question, retrieve articles of statutes that decide it",
    "code": "Given a question about programming, retrieve code that answers it",
    "classification": "Classify the text by its subject",
    "clustering": "Identify the topic of the text",
}
"""Instructions by the name of their task."""


def task_of(wanted: str, domains: Collection[Domain]) -> str:
    """Return what the asker wants, or else the task of what is searched; "" for several domains."""
    if wanted.strip() or len(set(domains)) != 1:
        return wanted
    domain = next(iter(domains))
    return "" if domain == DEFAULT_TASK else domain.value


def instruction_for(wanted: str) -> str:
    """Return the instruction of the task of that name, the default's for "", or else the words themselves."""
    return TASKS.get(wanted.strip() or DEFAULT_TASK, " ".join(wanted.split()))
