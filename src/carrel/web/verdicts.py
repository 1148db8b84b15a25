"""What an examination of a model's server says, as a page says it: without options of the command line."""

import re

from carrel.core.language import tr

# Where settings and options are named they stand in parentheses of their own: on a page there are fields.
_OF_THE_COMMAND = re.compile(r"\s?[(（](?:--|CARREL_)[^()（）]*[)）]")


def on_a_page(text: str) -> str:
    """Return a message or advice without the options and settings that it names in parentheses."""
    return _OF_THE_COMMAND.sub("", text)


def check_name(name: str) -> str:
    """Return what a check is called; programs know it by its English name."""
    return {
        "reachable": tr("reachable"),
        "model": tr("model"),
        "answer": tr("answer"),
        "width": tr("width"),
        "normalisation": tr("normalisation"),
        "determinism": tr("determinism"),
        "order": tr("order"),
        "batch": tr("batch"),
        "end token": tr("end token"),
        "pooling": tr("pooling"),
        "instruction": tr("instruction"),
        "long texts": tr("long texts"),
        "texts a request": tr("texts a request"),
        "encodings": tr("encodings"),
        "dimensions": tr("dimensions"),
        "published figures": tr("published figures"),
        "throughput": tr("throughput"),
        "time": tr("time"),
    }.get(name, name)
