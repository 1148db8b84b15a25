"""Programs: functions and classes with their comments, every line in one block, nothing changed."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.errors import PaperError
from carrel.core.formats import FileFormat, recognise
from carrel.core.languages_of_code import CODE_ENDINGS
from carrel.core.metadata import Metadata
from carrel.core.paper import NO_WORD_BOXES, Block, BlockKind, ParsedPaper, sections
from carrel.core.parsed_format import decode, encode
from carrel.parsing.code_reader import as_code, read_code

PYTHON = '''"""A module."""
import os

# Counts.
@cached
def countRows(path,
              limit=1):
    """Count.

lower than the code
"""
    def inner(): pass
    return 1

class Table(Base):
    """Rows."""
    size = 1
    def add(self, row): self.rows.append(row)

    more = 2

print(1)
'''
GO = """package main

import "fmt"

// Move moves.
func (p *Point) Move(dx int) (int, error) {
\tfmt.Println("}", '{')
\treturn 1, nil
}

type Point struct {
\tX int
}
"""
TYPESCRIPT = """// Licence
import x from "y";

/** Says hello { to } */
export function sayHello(name: string): void {
  if (name) { return `a ${name} {`; }
}
const addUp = async (a: number): Promise<number> => {
  return a;
};
export default class Basket extends Base {
  addItem(item, { count = 1 } = {}) { for (const a of b) { foo(); } }
  get size() { return 1; }
}
start({ on: true });
"""
CPP = """#include <x>

namespace shop {
template <typename T>
class Cart : public Base {
 public:
  explicit Cart(int n) : n_(n), m_{0} { }
  ~Cart() {}
};
}
int Cart::total() const noexcept
{
  switch (n_) { case 1: break; }
  return 0;
}
"""
RUBY = """module Shop
  # A cart.
  class Cart < Base
    def initialize(x)
      @x = x
    end
  end
end
"""
RUST = """#[derive(Debug)]
pub struct P<'a> { x: &'a str }
impl<'a> fmt::Display for P<'a> {
    fn fmt(&self) -> fmt::Result { Ok(()) }
}
"""
JAVA = """package a;
/** A cart. */
public class Cart<T> implements Base {
    @Override
    public List<String> names(int a) throws IOException {
        try (X y = new X()) { while (true) { } } catch (E e) { }
        return List.of();
    }
    enum Kind { BIG, SMALL }
}
"""


def names(paper: ParsedPaper) -> list[str]:
    """Return the sections' names in order, each once while it goes on."""
    found = [section.name for section in sections(paper)]
    return [name for i, name in enumerate(found) if not i or found[i - 1] != name]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.py", PYTHON, ["", "countRows", "Table", "Table › add", "Table", ""]),
        ("a.go", GO, ["", "Move", "Point"]),
        ("a.ts", TYPESCRIPT, ["", "sayHello", "addUp", "Basket", "Basket › addItem", "Basket › size", ""]),
        ("a.cpp", CPP, ["", "shop", "shop › Cart", "shop › Cart › Cart", "shop › Cart › ~Cart", "total"]),
        ("a.rb", RUBY, ["Shop", "Shop › Cart", "Shop › Cart › initialize"]),
        ("a.rs", RUST, ["P", "P › fmt"]),
        ("a.java", JAVA, ["", "Cart", "Cart › names", "Cart › Kind"]),
    ],
)
def test_what_a_program_defines(name: str, text: str, expected: list[str]) -> None:
    paper = read_code(text, name)
    assert names(paper) == expected
    assert paper.text == text
    assert whole(paper)


def whole(paper: ParsedPaper) -> bool:
    """Whether every letter is in exactly one block, the blocks in order."""
    ranges = [(block.start, block.end) for block in paper.blocks if block.kind is BlockKind.CODE]
    said = "".join(paper.text[start:end] for start, end in ranges)
    in_order = all(one[1] <= other[0] for one, other in pairwise(ranges))
    return in_order and "".join(said.split()) == "".join(paper.text.split())


def test_what_stands_above_a_function_goes_with_it() -> None:
    paper = read_code(PYTHON, "a.py")
    (count,) = [section for section in sections(paper) if section.name == "countRows"]
    said = paper.block_text(count.blocks[0])
    assert said.startswith("# Counts.\n@cached\ndef countRows(")
    assert said.endswith("return 1")
    assert (paper.metadata.title, paper.metadata.keywords) == ("a.py", ("Python",))


def test_python_of_yesterday_is_read_by_its_indents() -> None:
    paper = read_code("print 'old'\n" + PYTHON, "a.py")
    assert names(paper) == ["", "countRows", "Table", "Table › add", "Table", ""]


def test_sections_come_back_from_the_store() -> None:
    paper = read_code(PYTHON, "a.py")
    assert decode(encode(paper)).blocks == paper.blocks


@given(
    st.text(st.sampled_from("{}()'\"`#/*\\\n \tdefclassfunction=>;:x1"), min_size=1),
    st.sampled_from(CODE_ENDINGS),
)
def test_no_character_is_lost_whatever_it_is(text: str, ending: str) -> None:
    try:
        paper = read_code(text, f"a{ending}")
    except PaperError:
        assert not any(map(str.isalnum, text))
    else:
        assert whole(paper)


def test_a_record_that_is_a_program_is_read_as_one() -> None:
    def record(text: str) -> ParsedPaper:
        block = Block(BlockKind.PARAGRAPH, 0, len(text))
        return as_code(ParsedPaper(Metadata(title="7"), text, (block,), NO_WORD_BOXES, ()))

    python, go = record(PYTHON), record(GO)
    assert (names(python)[1], python.metadata.title, python.metadata.keywords) == (
        "countRows",
        "7",
        ("Python",),
    )
    assert (names(go), go.metadata.keywords) == (["", "Move", "Point"], ())
    assert record(RUBY).metadata.keywords == ("Ruby",)


def test_programs_are_told_by_their_names() -> None:
    assert recognise("a.PY", b"import os") is FileFormat.CODE
    assert recognise("a.php", b"<html><?php ?>") is FileFormat.CODE
    assert recognise("a.xyz", b"import os") is None
