"""Errors of judging answers; members of the tree in ``core/errors.py``.

CarrelError
└── UsageError
    ├── JudgmentUnusable        a query or a grade that cannot be judged
    ├── JudgmentMissing         there is no such judgment, or it is not the caller's to take back
    ├── JudgmentFileMissing     one of the two files of judgments is not there
    └── JudgmentsUnreadable     a file of queries or of judgments is not in the format of BEIR
"""

from carrel.core.errors import UsageError


class JudgmentUnusable(UsageError):
    """What cannot be a judgment. Parameters: name, expected."""

    template = "The judgment cannot have this {name}."
    hint_template = "Expected: {expected}."


class JudgmentMissing(UsageError):
    """No such judgment. Parameters: id."""

    template = "There is no judgment {id!r}."
    hint_template = "It was taken back already, or it is not yours to take back."


class JudgmentFileMissing(UsageError):
    """Of the two files that judgments are, one did not come, or one twice."""

    template = "Judgments come in two files, and one of them is missing."
    hint_template = (
        "Choose both: queries.jsonl has the questions, qrels.tsv (BEIR: qrels/test.tsv) the judgments."
    )


class JudgmentsUnreadable(UsageError):
    """A file of judgments that cannot be read. Parameters: name, line, expected."""

    template = "Line {line} of the {name} cannot be read."
    hint_template = "Expected: {expected}."
