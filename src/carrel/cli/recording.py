"""Files with records of searches: what ``carrel search --record`` writes and ``carrel replay`` reads."""

import json
from collections.abc import Mapping
from pathlib import Path

from carrel.cli.text_files import check_writable, read_text, write_text
from carrel.core.page_errors import FileNotReadable
from carrel.core.record_errors import FileInTheWay, NotARecord, RecordTooNew
from carrel.core.search_record import SearchRecord
from carrel.core.search_record_format import NewerFormat, record_of

_MOST_BYTES = 64 << 20


def check_place(path: Path) -> None:
    """See that a record can be written to a file, before anything is searched.

    Raises:
        FileNotWritable: its folder is not there, or it cannot be written.
        FileInTheWay: there is something else than a record, of whichever Carrel, or than nothing at all.
    """
    check_writable(path)
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        record_in(path)
    except RecordTooNew:
        return
    except (NotARecord, FileNotReadable) as error:
        raise FileInTheWay(path=path) from error


def write_record(path: Path, record: Mapping[str, object] | None, typed: str) -> None:
    """Write a record as JSON, with the query as it was typed.

    Raises:
        NotARecord: there is none: an older server has searched.
        StorageFull, FileNotWritable, FileInTheWay: it cannot be written.
    """
    check_place(path)
    read_record(path, record)  # what cannot be replayed is not worth keeping
    assert record is not None
    query = record["query"]
    assert isinstance(query, dict)
    text = typed.encode("utf-8", "replace").decode()
    write_text(path, json.dumps({**record, "query": {**query, "query": text}}, ensure_ascii=False, indent=1))


def record_in(path: Path) -> SearchRecord:
    """Return the record in a file.

    Raises:
        PathMissing, FileNotReadable: as ``read_text``.
        NotARecord, RecordTooNew: as ``read_record``.
    """
    try:
        value = json.loads(read_text(path, _MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise NotARecord(path=path, detail="JSON") from error
    return read_record(path, value)


def read_record(path: Path, value: object) -> SearchRecord:
    """Return the record that a JSON value is; ``path`` is where it comes from or goes to.

    Raises:
        NotARecord, RecordTooNew: it is none of ours.
    """
    try:
        return record_of(value)
    except NewerFormat as error:
        raise RecordTooNew(path=path, version=error.version) from error
    except ValueError as error:
        raise NotARecord(path=path, detail=str(error)) from error
