"""Names of workers tell processes apart, even those that have the same number one after the other."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from carrel.ingest import hands

TELLS_STARTS = Path("/proc/self/stat").exists()
NEEDS_PROC = pytest.mark.skipif(not TELLS_STARTS, reason="no /proc: when processes began cannot be told")
MARKS = st.text("0123456789abcdef", min_size=8, max_size=8)


def parts_of(name: str) -> tuple[str, int, str, str]:
    machine, pid, begun, digits = name.rsplit(":", 3)
    return machine, int(pid), begun, digits


def test_a_worker_of_this_process_is_there_and_no_two_have_one_name() -> None:
    names = [hands.new_name() for _ in range(3)]
    assert len(set(names)) == 3
    assert hands.gone(names) == []
    assert len({name.rpartition(":")[0] for name in names}) == 1


def test_a_worker_whose_process_has_ended_is_gone() -> None:
    code = "from carrel.ingest import hands; print(hands.new_name()); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        name = other.stdout.readline().strip()
        assert parts_of(name)[1] == other.pid
        assert hands.gone([name]) == []
        other.communicate("\n")
    assert hands.gone([name]) == [name]


@NEEDS_PROC
@given(MARKS)
def test_a_worker_whose_number_another_process_has_by_now_is_gone(mark: str) -> None:
    machine, pid, begun, digits = parts_of(hands.new_name())
    assume(mark != begun)
    earlier = f"{machine}:{pid}:{mark}:{digits}"
    assert hands.gone([earlier]) == [earlier]


@given(st.integers(0, 2**40), MARKS | st.just(""))
def test_of_another_machine_nothing_is_known(pid: int, mark: str) -> None:
    machine = parts_of(hands.new_name())[0]
    assert hands.gone([f"{machine}x:{pid}:{mark}:0011aabb"]) == []


@given(st.text(max_size=40))
def test_what_is_no_name_is_not_taken_for_somebody_who_is_gone(text: str) -> None:
    assume(text and text.count(":") < 3)
    assert hands.gone([text]) == []


def test_where_a_start_cannot_be_told_the_process_is_believed() -> None:
    machine, pid, _, digits = parts_of(hands.new_name())
    assert hands.gone([f"{machine}:{pid}::{digits}"]) == []
    assert hands.gone([""]) == [""]


def test_names_fit_their_column() -> None:
    _, _, begun, digits = parts_of(hands.new_name())
    assert len(f"{'m' * 60}:{2**22}:{begun}:{digits}") <= 100
    assert len(begun) == (8 if TELLS_STARTS else 0)
