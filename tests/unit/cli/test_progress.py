"""Progress where nobody watches a terminal: one line a file."""

from dataclasses import replace

import pytest

from carrel.cli.progress import Lines
from carrel.cli.watching import Watched
from carrel.core.ids import JobId, KnowledgeBaseId, PaperId
from carrel.core.jobs import Job, JobState, Stage
from carrel.core.quality import Verdict
from carrel.ingest.pipeline import Progress
from carrel.ingest.worker import Finished


def job(name: str, state: JobState, message: str = "") -> Job:
    return Job(JobId("1"), KnowledgeBaseId("2"), PaperId("3"), name, state, "kind", message)


def test_a_line_is_printed_when_a_file_has_ended_and_not_before(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(2)
    lines.tell(Progress(job("a.pdf", JobState.RUNNING), Stage.EMBED, 1, 2, 9))
    assert capsys.readouterr() == ("", "")
    lines.tell(Finished(job("a.pdf", JobState.DONE), pages=9, passages=40))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("[1/2] a.pdf: 9 pages, 40 passages, ")
    assert err.count("\n") == 1


def test_of_a_file_without_pages_only_its_passages_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    Lines(1).tell(Finished(job("a.md", JobState.DONE), pages=0, passages=4))
    assert capsys.readouterr().err == "[1/1] a.md: 4 passages\n"


def test_a_failed_file_is_named_with_its_reason_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(1)
    lines.tell(Finished(job("b\nc.pdf", JobState.FAILED, "b\nc.pdf is encrypted.\x1b[0m")))
    assert capsys.readouterr().err == "[1/1] b c.pdf is encrypted.�[0m\n"


def test_files_that_others_queued_are_counted_too(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(1)
    for name in ("mine.pdf", "theirs.pdf"):
        lines.tell(Finished(job(name, JobState.DONE), 1, 1))
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("[1/1] mine.pdf")
    assert second.startswith("[2/2] theirs.pdf")


def test_a_file_that_was_removed_meanwhile_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    Lines(1).tell(Finished(job("gone.pdf", JobState.CANCELLED)))
    assert capsys.readouterr().err == ""


def test_a_paper_that_was_read_poorly_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    poor = Finished(job("noise.pdf", JobState.DONE), 3, 9, Verdict.POOR)
    Lines(1).tell(poor)
    said = "noise.pdf was read poorly: much of its text may be wrong. See: carrel show "
    assert said + poor.job.paper_id[:10] in capsys.readouterr().err
    Lines(1).tell(Finished(job("fine.pdf", JobState.DONE), 3, 9))
    assert "poorly" not in capsys.readouterr().err


def test_jobs_of_another_process_are_told_once_each_as_their_rows_change() -> None:
    queued = Job(JobId("j"), KnowledgeBaseId("k"), PaperId("p"), "a.pdf", JobState.QUEUED)
    watched = Watched()
    assert list(watched.news([queued])) == []
    away = replace(queued, error_kind="endpoint-unavailable", error_message="It is away.")
    assert list(watched.news([away])) == ["It is away."]
    assert list(watched.news([away])) == []  # the same reason again
    running = replace(queued, state=JobState.RUNNING, stage="embed", done=3, total=9, pages=2)
    assert list(watched.news([running])) == [Progress(running, Stage.EMBED, 3, 9, 2)]
    assert list(watched.news([running])) == []
    done = replace(running, state=JobState.DONE, done=9)
    assert list(watched.news([done])) == [Finished(done, 2, 9)]
