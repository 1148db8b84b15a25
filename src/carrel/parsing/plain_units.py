"""The functions and classes of a program by what is seen of it: braces, or indents. No grammar is known.

Strings and comments are blanked first, so that braces in them do not count. What is not recognised stays with
what surrounds it: no line is lost, only a name is.
"""

import re
from collections.abc import Iterator, Sequence

from carrel.parsing.code_units import Unit, line_starts

_INDENTED = ("Python", "Ruby")
_HASHED = ("Python", "Ruby", "PHP")
_NO_CHARACTERS = ("Rust",)  # 'a is a lifetime there
_LONGEST_HEAD = 2000  # characters of a signature
_CONTAINER = re.compile(
    r"\b(?:class|interface|enum|struct|trait|namespace|module|record|object|extension|protocol|union|mod|impl"
    r"(?:\s*<[^{}]*?>)?)\s+(?:[\w:.]+(?:<[^{}]*?>)?\s+for\s+)?(?P<name>\w[\w:.]*)"
)
_GO_TYPE = re.compile(r"\btype\s+(?P<name>\w+)[^{}]*\b(?:struct|interface)\s*$")
_NAMED_FUNCTION = re.compile(
    r"\b(?:function\s*\*?|fn|fun|func|def)\s+(?:\([^()]*\)\s*)?(?:[\w<>]+\.)?(?P<name>\w+)"
)
_ARROW = re.compile(
    r"(?P<name>[\w$]+)\s*(?::[^={}]*)?[=:]\s*(?:async\s*)?(?:function\b|(?:\([^{}]*\)|\w+)[^={}]*=>\s*$)"
)
_CALLED = re.compile(
    r"(?P<name>~?[\w$]+|operator\s*\S{1,3})\s*(?:<[^<>{}()]*>)?\s*\((?:[^(){};]|\([^(){}]*\))*\)[^(){};=]*$"
)
_INITIALISED = re.compile(r"\)\s*:\s*\w[^;{}]*$")  # a C++ constructor's members, or a type that is returned
_NO_NAME_LIST = (
    "if for while switch catch with return synchronized using lock foreach elseif else do try match when "
    "guard unless until new throw sizeof defer go select case function unsafe loop fixed"
)
_NO_NAMES = frozenset(_NO_NAME_LIST.split())
_INNER_BRACES = re.compile(r"\{[^{}]*\}|#!?\[[^\]]*\]|@\w+(?:\([^()]*\))?")  # and attributes
_BLANKED = re.compile(r"[^\n]")
_DEFINED = re.compile(
    r"(?P<indent>[ \t]*)(?P<word>(?:async\s+)?def|class|module)\s+(?P<name>(?:self\.)?\w[\w:]*[?!]?)"
)


def plain_units(text: str, language: str) -> tuple[Unit, ...]:
    """Return the functions, methods and classes that a program is seen to have."""
    seen = _blanked(text, language)
    if language in _INDENTED:
        return _by_indent(seen.split("\n"), text.split("\n"), line_starts(text), 0, language)
    return _by_braces(seen, text)


def _blanked(text: str, language: str) -> str:
    """Return the text with spaces for all characters of strings and comments."""
    comments = [r"#[^\n]*"] if language in _HASHED else []
    if language not in _INDENTED:
        comments += [r"//[^\n]*", r"/\*.*?(?:\*/|\Z)"]
    strings = [r'"""(?:\\.|.)*?(?:"""|\Z)', r"'''(?:\\.|.)*?(?:'''|\Z)"] if language == "Python" else []
    strings.append(r'"(?:\\.|[^"\\\n])*"')
    strings.append(r"'(?:\\.|[^'\\\n])'" if language in _NO_CHARACTERS else r"'(?:\\.|[^'\\\n])*'")
    if language in ("JavaScript", "TypeScript", "Go"):
        strings.append(r"`(?:\\.|[^`\\])*`")
    return re.sub("|".join([*comments, *strings]), _as_blank, text, flags=re.DOTALL)


def _as_blank(match: re.Match[str]) -> str:
    return _BLANKED.sub(" ", match.group())


def _by_indent(
    seen: Sequence[str], lines: Sequence[str], starts: Sequence[int], first: int, language: str
) -> tuple[Unit, ...]:
    found: list[Unit] = []
    number, end_of_all = first, len(seen)
    while number < end_of_all:
        match = _DEFINED.match(seen[number])
        if match is None:
            number += 1
            continue
        last = _last_line(seen, number, len(match["indent"].expandtabs()), language)
        begin = number
        floor = found[-1].end if found else starts[first]
        while (
            begin > first and lines[begin - 1].lstrip().startswith(("#", "@")) and starts[begin - 1] >= floor
        ):
            begin -= 1
        within: tuple[Unit, ...] = ()
        if "def" not in match["word"]:
            within = _by_indent(seen[: last + 1], lines, starts, number + 1, language)
        found.append(Unit(starts[begin], starts[last + 1], match["name"].rstrip(":"), within))
        number = last + 1
    return tuple(found)


def _last_line(seen: Sequence[str], number: int, indent: int, language: str) -> int:
    """Return the last line of what is defined in a line of this indent."""
    last, depth = number, 0
    for place in range(number, len(seen)):
        line = seen[place]
        if place > number and line.strip() and depth <= 0:
            margin = len(line.expandtabs()) - len(line.expandtabs().lstrip())
            if margin <= indent and not line.lstrip().startswith((")", "]", "}")):
                ends = language == "Ruby" and margin == indent and re.match(r"\s*end\b", line)
                return place if ends else last
        if line.strip():
            last = place
        depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
    return last


def _by_braces(seen: str, text: str) -> tuple[Unit, ...]:
    pairs = _pairs(seen)
    return tuple(_within(seen, text, pairs, 0, len(seen)))


def _pairs(seen: str) -> dict[int, int]:
    """Return where each brace that opens is closed; one that never is, at the end."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for match in re.finditer(r"[{}]", seen):
        if match.group() == "{":
            opened.append(match.start())
        elif opened:
            pairs[opened.pop()] = match.start()
    return pairs | dict.fromkeys(opened, len(seen))


def _within(seen: str, text: str, pairs: dict[int, int], start: int, end: int) -> Iterator[Unit]:
    place = start  # behind what cannot be part of the next head
    number = start
    while (brace := seen.find("{", number, end)) >= 0:
        head_start = max(place, seen.rfind(";", place, brace) + 1, brace - _LONGEST_HEAD)
        head = _INNER_BRACES.sub(_as_blank, seen[head_start:brace])
        named = _named(head)
        close = pairs[brace]
        if named is None or re.match(r"\s*[{,]", seen[close + 1 : end]):
            # An initialiser or a bare block: what is in it may define something, too; or part of a head.
            number = brace + 1 if _may_hold(head) else close + 1
            place = place if head.count("(") > head.count(")") or named else number
            continue
        name, at, container = named
        first = _first_line(text, head_start, head_start + at)
        last = text.find("\n", close)
        stop = len(text) if last < 0 else last + 1
        rest = seen[close + 1 : stop].strip()
        stop = min(stop if not rest or rest[0] in ";,)" else close + 1, end)
        inner = tuple(_within(seen, text, pairs, brace + 1, close)) if container else ()
        yield Unit(first, max(stop, first), name, inner)
        place = number = max(stop, close + 1)


def _may_hold(head: str) -> bool:
    """Whether what a brace opens may define something: a package's or a module's block, an ``extern "C"``."""
    return re.search(r"\bextern\b|\bexports?\b|\bdefault\b|=\s*$|\(\s*$|^\s*$", head) is not None


def _named(head: str) -> tuple[str, int, bool] | None:
    """Return what a head names, where its name stands in it, and whether it holds others."""
    holder = _CONTAINER.search(head) or _GO_TYPE.search(head)
    if holder and "(" not in head[: holder.start()] and "=" not in head[holder.end() :]:
        return holder["name"], holder.start(), True
    if "=>" not in head and (members := _INITIALISED.search(head)):
        head = head[: members.start() + 1]
    candidates = (_NAMED_FUNCTION.search(head), _ARROW.search(head), _CALLED.search(head))
    found = next((each for each in candidates if each and each["name"] not in _NO_NAMES), None)
    if (
        found is None
        or found["name"] in _NO_NAMES
        or re.search(r"\b(?:new|return|await)\s*$", head[: found.start()])
    ):
        return None
    return found["name"], found.start(), False


def _first_line(text: str, floor: int, place: int) -> int:
    """Return where the lines begin that go with a name's: what stands right above it, its comment with it."""
    start = text.rfind("\n", 0, place) + 1
    while start > floor:
        above = text.rfind("\n", 0, start - 1) + 1
        if above < floor or not text[above:start].strip() or start == 0:
            break
        start = above
    return max(start, _line_after(text, floor) if start < floor else start)


def _line_after(text: str, place: int) -> int:
    """Return the beginning of the line, or ``place`` where something else stands before it in its line."""
    begin = text.rfind("\n", 0, place) + 1
    return place if text[begin:place].strip() else begin
