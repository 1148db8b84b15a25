"""A comparison as one HTML file that needs nothing else: no request, no script. Its charts are drawings."""

import base64
import re
from importlib import resources

from carrel import __version__
from carrel.core.language import language
from carrel.evaluation import tables
from carrel.evaluation.comparison import Comparison
from carrel.evaluation.significance import ROUNDS
from carrel.storage.clock import now
from carrel.web.evaluation_charts import differences_of, lines_of, panel_of, reach_of
from carrel.web.rendering import environment

_STYLES = ("00-tokens.css", "10-base.css", "40-tables.css")
_FONT = "source-serif-4-latin.woff2"
_FONT_FACE = re.compile(r"@font-face \{.*?\n\}\n", re.DOTALL)


def report(comparison: Comparison) -> str:
    """Return the report of a comparison, in the reader's language; the first metric is the main one."""
    main = comparison.metrics[0]
    reach = reach_of(comparison, main)
    others = [
        {
            "outcome": outcome,
            "chart": differences_of(comparison, outcome, main, reach),
            "against": next(figure.against for figure in outcome.figures if figure.metric == main),
            "moved": tables.moved(comparison, outcome, main),
        }
        for outcome in comparison.outcomes[1:]
    ]
    return (
        environment()
        .get_template("evaluation_report.html")
        .render(
            comparison=comparison,
            main=main,
            best=max(comparison.outcomes, key=lambda outcome: outcome.figures[0].mean),
            panels=[panel_of(comparison, metric) for metric in comparison.metrics],
            figures=tables.figures(comparison),
            against=tables.against_the_baseline(comparison, main),
            kinds=tables.by_kind(comparison, main),
            lines=lines_of(comparison, main),
            others=others,
            summary=tables.summary(comparison),
            warnings=tables.warnings(comparison),
            note=tables.note_on_marks(),
            sure=tables.SURE,
            rounds=ROUNDS,
            styles=_styles(),
            day=now()[:10],
            lang=language(),
            version=__version__,
        )
    )


def _styles() -> str:
    """Return the pages' own styles, with the font for headings in them."""
    static = resources.files("carrel.web").joinpath("static")
    font = base64.b64encode(static.joinpath("fonts", _FONT).read_bytes()).decode()
    face = (
        '@font-face { font-family: "Source Serif 4"; font-weight: 200 900; '
        f'src: url("data:font/woff2;base64,{font}") format("woff2"); }}\n'
    )
    sheets = (static.joinpath("css", name).read_text(encoding="utf-8") for name in _STYLES)
    return face + "\n".join(_FONT_FACE.sub("", sheet) for sheet in sheets)
