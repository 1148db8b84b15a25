"""What an error tells about a file in a few words: kept in English, said in the reader's language."""

from carrel.core.language import tr


def detail_said(detail: str) -> str:
    """Return the words of an error's ``detail`` in the reader's language; what is not ours as it is."""
    return {
        "it answered nonsense": tr("it answered nonsense"),
        "its archive is broken": tr("its archive is broken"),
        "its archive is encrypted": tr("its archive is encrypted"),
        "its text is damaged": tr("its text is damaged"),
        "it holds bytes that no text has": tr("it holds bytes that no text has"),
        "its encoding cannot be told": tr("its encoding cannot be told"),
        "its elements are nested too deeply": tr("its elements are nested too deeply"),
        "GROBID cannot convert it": tr("GROBID cannot convert it"),
        "nothing but running heads and page numbers": tr("nothing but running heads and page numbers"),
        "no pages can be found in it": tr("no pages can be found in it"),
        "no pages can be found in it, which is encrypted": tr(
            "no pages can be found in it, which is encrypted"
        ),
        "it cannot be copied without its password": tr("it cannot be copied without its password"),
        "it is gone": tr("it is gone"),
        "they are blank, or hold drawings": tr("they are blank, or hold drawings"),
        "Unstructured cannot open it": tr("Unstructured cannot open it"),
        "its end is missing": tr("its end is missing"),
        "the file could not be opened": tr("the file could not be opened"),
        "its structure cannot be read": tr("its structure cannot be read"),
    }.get(detail, detail)
