"""Errors of measuring how well searching works; members of the tree in ``core/errors.py``.

CarrelError
└── UsageError
    ├── SetFileMissing                  a judged set lacks one of its three files
    ├── SetUnreadable                   a line of one of them says nothing that can be read
    ├── NothingJudged                   no query has an answer that is in the collection
    ├── ConfigurationUnknown            --compare names what cannot be set
    ├── QuantisationUnsupported         vectors are kept in full precision
    ├── MetricUnknown                   no such measure
    └── MetricsNotInstalled             the package that measures is an extra
"""

from carrel.core.errors import UsageError


class SetFileMissing(UsageError):
    """A file of a judged set is not there. Parameters: folder, name, looked_for."""

    template = "The set in {folder} has no {name}."
    hint_template = "Looked for: {looked_for}. Name another file with --queries or --qrels."


class SetUnreadable(UsageError):
    """A line of a judged set cannot be read. Parameters: path, line, detail."""

    template = "Line {line} of {path} cannot be read: {detail}."
    hint_template = "Sets are in BEIR's format: see docs/evaluation.md."


class NothingJudged(UsageError):
    """There is nothing to measure with. Parameter: name."""

    template = "No query of {name} has an answer that is there."
    hint_template = "Judgments name queries and papers by their ids; grades above 0 are answers."


class ConfigurationUnknown(UsageError):
    """What is to be compared cannot be set so. Parameters: part, expected."""

    template = "A configuration cannot have {part!r}."
    hint_template = "Expected: {expected}."


class QuantisationUnsupported(UsageError):
    """The indexes keep vectors in full precision. Parameter: value."""

    template = "Quantisation ({value}) cannot be compared: the indexes keep every number of a vector in full."
    hint_template = "Fewer dimensions make vectors smaller, such as: --compare dimensions=128."


class MetricUnknown(UsageError):
    """No such measure. Parameter: name."""

    template = "There is no metric {name!r}."
    hint_template = "Such as nDCG@10, RR@10, R@100, AP, P@1, Success@5: as ir-measures names them."


class MetricsNotInstalled(UsageError):
    """The package that measures is not there. No parameters."""

    template = "Measuring needs the package ir-measures, which is not installed."
    hint_template = "Install it with: pip install 'carrel[eval]'."
