from hypothesis import given
from hypothesis import strategies as st

from carrel.core.ids import JobId
from carrel.core.jobs import UNFINISHED, JobState, delay_seconds

states = st.sampled_from(list(JobState))


@given(states, st.lists(states, max_size=20))
def test_every_walk_of_legal_steps_keeps_the_promises(start: JobState, wishes: list[JobState]) -> None:
    state = start
    for wish in wishes:
        if state.may_become(wish):
            # Nothing is done without having run, and what is done stays done.
            assert wish is not JobState.DONE or state in (JobState.RUNNING, JobState.HANDED)
            assert wish is not JobState.HANDED or state is JobState.RUNNING
            assert wish is not JobState.RUNNING or state is JobState.QUEUED
            assert state is not JobState.DONE
            state = wish


@given(states)
def test_no_state_becomes_itself(state: JobState) -> None:
    assert not state.may_become(state)


@given(states)
def test_from_every_state_but_done_a_paper_can_still_be_brought_in(state: JobState) -> None:
    reached = {state}
    while more := {after for before in reached for after in JobState if before.may_become(after)} - reached:
        reached |= more
    assert JobState.DONE in reached


def test_only_a_final_state_waits_for_the_user() -> None:
    final = {state for state in JobState if state.final}
    assert final == {JobState.DONE, JobState.FAILED, JobState.CANCELLED}
    assert all(not state.may_become(JobState.RUNNING) for state in final)
    assert set(UNFINISHED) == set(JobState) - final
    # What has not ended can be given up.
    assert all(state.may_become(JobState.CANCELLED) for state in UNFINISHED)


@given(st.text(max_size=40), st.integers(0, 10_000))
def test_waits_grow_within_bounds_and_are_the_same_each_time(job: str, attempts: int) -> None:
    seconds = delay_seconds(JobId(job), attempts)
    assert 0 <= seconds <= 375
    assert seconds == delay_seconds(JobId(job), attempts)
    assert attempts == 0 or seconds >= 1.5
    assert delay_seconds(JobId(job), attempts + 20) >= seconds
