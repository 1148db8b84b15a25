"""The keywords that a paper's authors chose, as printed below its abstract."""

import re
from collections.abc import Mapping, Sequence

from carrel.core.paper import Block, BlockKind
from carrel.parsing.printed import Line
from carrel.parsing.signs import lines_with

LABEL = re.compile(
    r"(?:additional\s+|author\s+)?(?:key[\s-]?words?(?:\s+(?:and|&)\s+phrases)?|index\s+terms"
    r"|k\s?e\s?y\s?w\s?o\s?r\s?d\s?s|mots[\s-]cl[ée]s"
    r"|schlüsselw[öo]rter|schlagw[öo]rter|palabras\s+clave|palavras[\s-]chave|parole\s+chiave|关\s*键\s*词"
    r"|关\s*键\s*字|關\s*鍵\s*詞|キーワード|주제어|핵심어)"
    r"(?:\s*[:：.—–\-]+\s*|\s+(?=(?-i:[^a-z\s]))|\s*$|(?<=[词字詞ド])\s*|(?<=words)\s+(?=\w))",
    re.IGNORECASE,
)
_INSIDE = re.compile(rf"(?<=[.。;；]\s)(?:{LABEL.pattern})", re.IGNORECASE)
# What a label cannot do without: most lines are told by that.
_SIGNS = (
    "word", "terms", "w o r d", "w ö r", "wört", "wort", "mots", "palabras",
    "palavras", "parole", "键", "鍵", "キー", "주제", "핵심",
)  # fmt: skip
_END = re.compile(
    r"(?:^|\s)(?:(?:\d+\.?|[IVX]+\.)\s+(?:introduction|引言|绪论|前言)|1\.?\s+[A-Z][a-z]+|introduction$"
    r"|abstract\s*(?:$|[:.—])|ccs concepts|acm (?:reference|classification)|general terms"
    r"|categories and subject|\bpacs\b|\bmsc\b|mathematics subject|\bams\b subject|\bjel\b|中图法?分类号"
    r"|文献标[志识]码|文章编号|文章编码|doi\b|https?:|©|copyright|received\s*[:\d]"
    r"|correspond(?:ing author|ence\s*:)"
    r"|摘\s*要|基金|收稿|article history|e-?mails?\s*:|\bams (?:classification|subject)"
    r"|subject classification|supported by|word count)",
    re.IGNORECASE,
)
_STRONG = re.compile(r"\s*[;；•·∙|●▪]\s*|\s+[–—]\s+")
_WEAK = re.compile(r"\s*[,，、､]\s*|\.\s+(?=[A-Z])")
_HAN_SPACE = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_LONGEST = 80
_MOST = 40
_MOST_LINES = 12
_FIRST_BLOCKS = 60


def find_keywords(
    lines: Sequence[Line], text: str, blocks: Sequence[Block], language: str
) -> tuple[str, ...]:
    """Return the keywords printed on page one, or else near the beginning of the text, in order.

    Where they are printed in two languages, those in the paper's own ``language``.
    """
    told = lines_with(lines, _SIGNS)
    found = [_split(*_below(lines, i, match)) for i in told if (match := _label(lines[i].text))]
    found += [_split([content], False) for content in _in_blocks(text, blocks)] if not any(found) else []
    found = [words for words in found if words]
    eastern = language in ("zh", "ja", "ko")
    alike = [
        words for words in found if any(not word.isascii() and _is_eastern(word) for word in words) == eastern
    ]
    return next(iter(alike or found), ())


def keywords_of_info(info: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keywords in the file's information: a list, not a sentence and not an identifier."""
    typed = info.get("Keywords", "")
    if any(sign in typed for sign in ("10.", "arXiv", "http", "TeX")):
        return ()
    words = _split([typed], False)
    return words if len(words) >= 2 else ()


def _label(text: str) -> re.Match[str] | None:
    if LABEL.match(text.lstrip("*•∗ [【［")):
        found = LABEL.search(text)
        return found if found and not found.group()[0].islower() else None
    return _INSIDE.search(text)


def _is_eastern(text: str) -> bool:
    return any("\u3040" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7a3" for letter in text)


def _below(lines: Sequence[Line], i: int, match: re.Match[str]) -> tuple[list[str], bool]:
    """Return the text after a label line by line, and whether the label stands on a line of its own."""
    first = lines[i]
    rest = first.text[match.end() :].strip("]】］ ")
    texts = [rest] if rest else []
    last = first
    gap = 2.6 if not rest else 1.9
    for line in lines[i + 1 : i + 1 + _MOST_LINES]:
        step = line.bottom - last.bottom
        beside = line.x0 > first.x1 + 3 * first.size or line.x1 < first.x0
        if beside or not -0.3 * line.size < step < gap * max(line.size, last.size):
            break
        if texts and (
            abs(line.size - (last.size if last is not first else line.size)) > 0.6
            or _END.match(line.text)
            or LABEL.match(line.text)
        ):
            break
        if not texts and (_END.match(line.text) or len(line.text) > 200):
            break
        if texts and texts[-1].endswith((".", "。")) and not line.text[:1].islower():
            break
        texts.append(line.text)
        last, gap = line, 1.9
    return texts, not rest


def _in_blocks(text: str, blocks: Sequence[Block]) -> list[str]:
    found = []
    for i, block in enumerate(blocks[:_FIRST_BLOCKS]):
        content = text[block.start : block.end]
        if (match := _label(content)) is None:
            continue
        rest = content[match.end() :]
        after = blocks[i + 1] if i + 1 < len(blocks) else None
        if not rest.strip() and after is not None and after.kind is BlockKind.PARAGRAPH:
            rest = text[after.start : after.end]
        found.append(rest)
    return found


def _split(texts: Sequence[str], listed: bool) -> tuple[str, ...]:
    """Return the single keywords of the lines after a label."""
    if not texts:
        return ()
    whole = _joined(texts)
    if end := _END.search(whole):
        whole = whole[: end.start()]
    if _STRONG.search(whole):
        parts = _STRONG.split(whole)
        parts = parts if len(parts) > 2 or not _WEAK.search(whole) else _STRONG.sub(", ", whole).split(", ")
    elif _WEAK.search(whole):
        parts = _WEAK.split(whole)
    elif listed and len(texts) > 1:
        parts = list(texts)
    else:
        parts = _HAN_SPACE.split(whole) if len(_HAN_SPACE.findall(whole)) > 1 else [whole]
    words = [" ".join(part.split()).strip(" .。,，;；:") for part in parts]
    words = [re.sub(r"^(?:and|和)\s+", "", word) for word in words if word]
    kept = [word for word in words if 1 < len(word) <= _LONGEST]
    if not kept or len(kept) > _MOST or len(kept) < 0.7 * len(words):
        return ()
    return tuple(dict.fromkeys(kept))


def _joined(texts: Sequence[str]) -> str:
    whole = ""
    for text in texts:
        if whole.endswith("-") and text[:1].islower():
            whole = whole[:-1] + text
        elif whole and _is_eastern(whole[-1]) and _is_eastern(text[:1]):
            whole += text
        else:
            whole = f"{whole} {text}" if whole else text
    return whole
