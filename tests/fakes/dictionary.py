"""A dictionary of a few words, in CC-CEDICT's form and compiled."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from carrel.engines.cedict import read_cedict
from carrel.engines.dictionaries import compiled_dictionary
from carrel.engines.dictionary_file import CompiledDictionary, write_dictionary

HEAD = """# CC-CEDICT
# Community maintained free Chinese-English dictionary.
#! version=1
#! format=ts
#! charset=UTF-8
#! license=https://creativecommons.org/licenses/by-sa/4.0/
#! date=2023-11-07T06:42:16Z
"""
ENTRIES = """冰川 冰川 [bing1 chuan1] /glacier/
小提琴 小提琴 [xiao3 ti2 qin2] /violin/fiddle/CL:把[ba3]/
彗星 彗星 [hui4 xing1] /comet/
語言 语言 [yu3 yan2] /language/CL:門|门[men2],種|种[zhong3]/
模型 模型 [mo2 xing2] /model/mold; matrix/pattern/
方法 方法 [fang1 fa3] /method/way/means/CL:個|个[ge4]/
發展 发展 [fa1 zhan3] /to develop/development; growth/
發展中 发展中 [fa1 zhan3 zhong1] /developing/under development/
中國 中国 [Zhong1 guo2] /China/
國家 国家 [guo2 jia1] /country; nation; state/CL:個|个[ge4]/
家 家 [jia1] /home; family/(suffix for a specialist)/surname Jia/
中 中 [Zhong1] /China/surname Zhong/
中 中 [zhong1] /within; among; in/middle/
的 的 [de5] /of; ~'s (possessive particle)/
期貨 期货 [qi1 huo4] /abbr. for 期貨合約|期货合约[qi1 huo4 he2 yue1], futures (finance)/
巴士站 巴士站 [ba1 shi4 zhan4] /see 車站|车站[che1 zhan4]/
車站 车站 [che1 zhan4] /(bus) station; bus stop (CL:處|处[chu4])/
"""


def entries(count: int = 0) -> str:
    """Return the dictionary's text, with so many invented words besides."""
    more = (f"字{chr(0x4E00 + number % 20000)}{chr(0x4E00 + number // 20000)}" for number in range(count))
    return HEAD + ENTRIES + "".join(f"{word} {word} [zi4] /word/\n" for word in more)


def put_dictionary(cache: Path, besides: Mapping[str, Sequence[str]] | None = None) -> CompiledDictionary:
    """Put it where searches look for it, and open it; ``besides``: other words, or other senses of these."""
    found = read_cedict(entries().encode(), fewest=1)
    target = compiled_dictionary(cache)
    target.parent.mkdir(parents=True, exist_ok=True)
    senses = {**found.senses, **(besides or {})}
    write_dictionary(senses, target, "CC-CEDICT", "CC BY-SA 4.0", found.date[:10], found.simplified)
    return CompiledDictionary(target)
