"""CC-CEDICT read, compiled, fetched and removed."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrel.core.dictionary_errors import DictionaryUnavailable
from carrel.engines.cedict import NotCedict, read_cedict
from carrel.engines.dictionaries import (
    compile_dictionary,
    compiled_dictionary,
    dictionary_folder,
    has_dictionary,
    is_compiled,
    open_dictionary,
    prepare_dictionary,
    remove_dictionary,
)
from carrel.engines.dictionary_file import CompiledDictionary, DictionaryDamaged, write_dictionary
from carrel.engines.research_terms import research_terms, research_terms_edition, with_research_terms
from tests.fakes.dictionary import HEAD, entries

ENOUGH = 50_000  # entries that a file must have


def senses(text: str = "") -> dict[str, tuple[str, ...]]:
    return read_cedict((HEAD + text if text else entries()).encode(), fewest=1).senses


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("模型", ("model", "mold", "matrix", "pattern")),
        ("发展", ("develop", "development", "growth")),
        ("發展", ("develop", "development", "growth")),
        ("语言", ("language",)),  # without its measure words
        ("家", ("home", "family")),  # without the surname and what is said of a suffix
        ("中", ("within", "among", "in", "middle", "China")),  # the name comes last
        ("的", ("of",)),
        ("期货", ("futures",)),
        ("車站", ("station", "bus stop")),
        ("巴士站", ("station", "bus stop")),  # what it points to
    ],
)
def test_what_a_word_means_without_what_is_said_to_learners(word: str, meaning: tuple[str, ...]) -> None:
    assert senses()[word] == meaning


def test_a_word_that_points_to_itself_or_to_nothing_is_left_out() -> None:
    found = senses(
        "甲 甲 [jia3] /variant of 甲[jia3]/\n乙 乙 [yi3] /see 丙[bing3]/\n丁 丁 [ding1] /fourth/\n"
    )
    assert found == {"丁": ("fourth",)}


def test_its_date_its_licence_and_both_scripts_are_known() -> None:
    found = read_cedict(gzip.compress(entries().encode()), fewest=1)
    assert found.date == "2023-11-07T06:42:16Z"
    assert "by-sa/4.0" in found.licence
    assert (found.simplified["語"], found.simplified["國"]) == ("语", "国")
    assert "言" not in found.simplified


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x1f\x8bnonsense",
        "一 一 [yi1] /one/\n".encode(),  # no head
        entries().replace("by-sa/4.0", "by/4.0").encode(),  # another licence
        gzip.compress(entries().encode())[:-20],
        entries().replace("#! version", "#! entries=100\n#! version").encode(),
        entries().encode("utf-16"),
    ],
    ids=["empty", "no gzip", "no head", "licence", "broken off", "fewer than said", "encoding"],
)
def test_what_is_not_the_dictionary_is_refused(content: bytes) -> None:
    with pytest.raises(NotCedict):
        read_cedict(content, fewest=1)


def test_far_too_few_words_are_not_the_dictionary() -> None:
    with pytest.raises(NotCedict, match="17 entries"):
        read_cedict(entries().encode())


WORDS = st.dictionaries(
    st.text("一二三四五六a\U00020000", min_size=1, max_size=4),
    st.lists(st.text("one two'-é", min_size=1), min_size=1).map(tuple),
)


@settings(max_examples=20)  # each is written to the disk and flushed
@given(WORDS, st.text("一二三四五六a\U00020000x", max_size=12))
def test_a_compiled_dictionary_finds_every_word_at_every_place(
    tmp_path_factory: pytest.TempPathFactory, words: dict[str, tuple[str, ...]], text: str
) -> None:
    path = tmp_path_factory.mktemp("d") / "compiled"
    write_dictionary(words, path, "D", "L", "2026-01-01")
    opened = CompiledDictionary(path)
    found = {(each.start, each.end): opened.senses(each) for each in opened.words_in(text)}
    assert found == {
        (start, end): words[text[start:end]]
        for start in range(len(text))
        for end in range(start + 1, len(text) + 1)
        if text[start:end] in words
    }
    assert (opened.name, opened.licence, opened.date) == ("D", "L", "2026-01-01")


def test_a_word_in_a_mixture_of_scripts_is_found_by_its_simplified_characters(tmp_path: Path) -> None:
    words = {"语料": ("corpus",), "語料": ("corpus data",)}
    write_dictionary(words, tmp_path / "d", "D", "L", "", {"語": "语", "䛐": "词", "粁": "料"})
    opened = CompiledDictionary(tmp_path / "d")

    def found(text: str) -> list[tuple[str, ...]]:
        return [opened.senses(each) for each in opened.words_in(text)]

    assert found("语料") == [("corpus",)]
    assert found("語料") == [("corpus data",)]  # as it is written, where that is known
    assert found("語粁") == [("corpus",)]
    assert found("䛐料") == []


@pytest.mark.parametrize("damage", [b"", b"something else", b"CARREL DICTIONARY 1\n{}\n"])
def test_a_damaged_file_is_no_dictionary(tmp_path: Path, damage: bytes) -> None:
    path = compiled_dictionary(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(damage)
    with pytest.raises(DictionaryDamaged):
        CompiledDictionary(path)
    assert open_dictionary(tmp_path) is None
    assert not has_dictionary(tmp_path)


def test_a_file_that_is_not_whole_is_no_dictionary(tmp_path: Path) -> None:
    write_dictionary(senses(), tmp_path / "whole", "D", "L", "")
    (tmp_path / "cut").write_bytes((tmp_path / "whole").read_bytes()[:-10])
    with pytest.raises(DictionaryDamaged):
        CompiledDictionary(tmp_path / "cut")


def test_a_file_brought_by_hand_is_compiled_announced_and_removed(tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "cedict_ts.u8").write_text(entries(ENOUGH), encoding="utf-8")
    cache = tmp_path / "cache"
    said: list[str] = []
    folder = prepare_dictionary(cache, announce=said.append, offline=True, from_path=tmp_path / "stick")
    assert folder == dictionary_folder(cache)
    assert len(said) == 1
    assert all(part in said[0] for part in ("CC-CEDICT", "CC BY-SA 4.0", "stick"))
    opened = open_dictionary(cache)
    assert opened is not None
    assert (opened.name, opened.licence, opened.date) == ("CC-CEDICT", "CC BY-SA 4.0", "2023-11-07")
    assert [opened.senses(each)[0] for each in opened.words_in("彗星")] == ["comet"]
    assert [opened.senses(each)[0] for each in opened.words_in("强化学习")][-1] == "reinforcement learning"
    kept = gzip.decompress((folder / "cedict.txt.gz").read_bytes()).decode()
    assert kept.startswith("# CC-CEDICT")  # with its licence, as it came
    prepare_dictionary(cache, announce=said.append)
    assert len(said) == 1  # it is there
    remove_dictionary(cache)
    assert not has_dictionary(cache)
    assert open_dictionary(cache) is None
    assert [opened.senses(each)[0] for each in opened.words_in("彗星")] == [
        "comet"
    ]  # whoever reads it, goes on


def test_what_another_version_compiled_is_compiled_anew_and_not_when_it_is_opened(tmp_path: Path) -> None:
    folder = dictionary_folder(tmp_path)
    folder.mkdir(parents=True)
    (folder / "cedict.txt.gz").write_bytes(gzip.compress(entries(ENOUGH).encode()))
    (folder / "compiled-v0").write_bytes(b"of another version")
    assert has_dictionary(tmp_path)
    assert open_dictionary(tmp_path) is None
    assert not is_compiled(tmp_path)
    said: list[str] = []
    prepare_dictionary(tmp_path, announce=said.append, offline=True)
    assert said == []  # nothing was fetched
    assert is_compiled(tmp_path)
    assert open_dictionary(tmp_path) is not None
    assert not (folder / "compiled-v0").exists()


def test_a_damaged_file_is_deleted_and_not_fetched_where_nobody_asked_for_it(tmp_path: Path) -> None:
    folder = dictionary_folder(tmp_path)
    folder.mkdir(parents=True)
    (folder / "cedict.txt.gz").write_bytes(b"nonsense")
    for _ in range(2):
        with pytest.raises(DictionaryUnavailable):
            compile_dictionary(tmp_path)
        assert not has_dictionary(tmp_path)


def test_without_a_source_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DictionaryUnavailable) as raised:
        prepare_dictionary(tmp_path, announce=print, offline=True)
    assert "CARREL_OFFLINE" in raised.value.message
    assert "carrel models pull cc-cedict --from" in raised.value.hint
    (tmp_path / "small.txt").write_text(entries(), encoding="utf-8")
    with pytest.raises(DictionaryUnavailable, match="entries"):
        prepare_dictionary(tmp_path, announce=print, from_path=tmp_path / "small.txt")
    with pytest.raises(DictionaryUnavailable, match="nowhere"):
        prepare_dictionary(tmp_path, announce=print, from_path=tmp_path / "nowhere")
    assert not has_dictionary(tmp_path)


def test_terms_of_research_go_before_what_the_dictionary_says() -> None:
    terms = research_terms()
    assert terms["卷积"] == terms["卷積"]
    assert all(meaning and all(meaning) for meaning in terms.values())
    assert [word for word in terms if not word.strip() or word.isascii()] == []
    merged = with_research_terms({"策略": ("tactics", "policy"), "冰川": ("glacier",)})
    assert merged["策略"] == ("policy", "strategy", "tactics")
    assert merged["冰川"] == ("glacier",)


def test_its_hash_is_of_all_that_it_says(tmp_path: Path) -> None:
    def content(words: dict[str, tuple[str, ...]], date: str = "", **simplified: str) -> str:
        write_dictionary(words, tmp_path / "d", "D", "L", date, simplified)
        return CompiledDictionary(tmp_path / "d").content

    first = content({"语": ("word",)})
    assert len(first) == 12
    assert content({"语": ("word",)}, "2026-01-01") == first
    assert content({"语": ("words",)}) != first
    assert content({"言": ("word",)}) != first
    assert content({"语": ("word",)}, 語="语") != first
    assert content(with_research_terms({"语": ("word",)})) != first


def test_another_edition_of_the_terms_is_compiled_anew(tmp_path: Path) -> None:
    (tmp_path / "cedict_ts.u8").write_text(entries(ENOUGH), encoding="utf-8")
    prepare_dictionary(tmp_path, announce=lambda _: None, from_path=tmp_path)
    compiled = compiled_dictionary(tmp_path)
    assert research_terms_edition() in compiled.name
    older = compiled.rename(compiled.with_name("compiled-v2-older"))
    assert has_dictionary(tmp_path)
    assert not is_compiled(tmp_path)
    compile_dictionary(tmp_path)
    assert open_dictionary(tmp_path) is not None
    assert not older.exists()
