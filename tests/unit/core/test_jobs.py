from hypothesis import given
from hypothesis import strategies as st

from carrel.core.jobs import JobState

states = st.sampled_from(list(JobState))


@given(states, st.lists(states, max_size=20))
def test_every_walk_of_legal_steps_keeps_the_promises(start: JobState, wishes: list[JobState]) -> None:
    state = start
    for wish in wishes:
        if state.may_become(wish):
            # Nothing is done without having run, and what is done stays done.
            assert wish is not JobState.DONE or state is JobState.RUNNING
            assert state is not JobState.DONE
            state = wish


@given(states)
def test_no_state_becomes_itself(state: JobState) -> None:
    assert not state.may_become(state)


def test_only_a_final_state_waits_for_the_user() -> None:
    final = {state for state in JobState if state.final}
    assert final == {JobState.DONE, JobState.FAILED, JobState.CANCELLED}
    assert all(not state.may_become(JobState.RUNNING) for state in final)
