"""The process that runs a GGUF file: ``python -m carrel.engines.gguf_child``, started by ``gguf_process``.

It reads its orders as one line of JSON from standard input, answers with one line on standard output, and
then serves until its standard input ends or its parent is gone, however that came about.
"""

import json
import os
import sys
import threading
import time
from typing import NoReturn, TypedDict

_LOOK_SECONDS = 1.0
_ERRORS_ONLY = 1  # llama.cpp's verbosity
_HTTP_THREADS = 4


class Orders(TypedDict):
    """What to serve, and how."""

    path: str
    alias: str  # the model's name in answers, which would be the path otherwise
    rerank: bool
    threads: int
    context: int  # tokens that a text, with everything added to it, may have
    api_key: str
    port: int  # 0 is any


class Answer(TypedDict, total=False):
    """One of: the address; which package is missing; that the server could not be made."""

    address: str
    missing: str
    failed: str


def main() -> NoReturn:
    """Serve as ordered, until the parent has had enough."""
    orders: Orders = json.loads(sys.stdin.readline())
    # Before anything slow: a parent that dies meanwhile must not leave a process behind.
    threading.Thread(target=_end_with_input, daemon=True).start()
    parent = os.getppid()
    try:
        server = _server(orders)
    except ImportError as error:
        _answer({"missing": str(error)})
        sys.exit(1)
    except (RuntimeError, ValueError) as error:
        _answer({"failed": str(error)})
        sys.exit(1)  # not at once: llama.cpp writes down why from a thread of its own
    _answer({"address": server.listening_address})  # type: ignore[attr-defined]  # it has no types
    _silence_standard_error()
    # Standard input can be held open by a process that the parent forked.
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(0)


def _end_with_input() -> NoReturn:
    # Not through sys.stdin, whose lock would be held by this thread when the interpreter ends.
    while os.read(0, 1):
        continue
    os._exit(0)


def _answer(answer: Answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _silence_standard_error() -> None:
    """What is said after the start is said to nobody."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _server(orders: Orders) -> object:
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = orders["path"]
    wanted.model_alias = {orders["alias"]}
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = orders["port"]
    wanted.api_keys = [orders["api_key"]]
    wanted.embedding = True
    pooling = xllamacpp.llama_pooling_type
    wanted.pooling_type = (
        pooling.LLAMA_POOLING_TYPE_RANK if orders["rerank"] else pooling.LLAMA_POOLING_TYPE_LAST
    )
    # A pooled text is read in one go, so the three are one number. One text at a time: a vector does not
    # depend on what else is asked for, and the processor is busy with one.
    wanted.n_ctx = wanted.n_batch = wanted.n_ubatch = orders["context"]
    wanted.n_parallel = 1
    for group in (wanted.cpuparams, wanted.cpuparams_batch):
        group.n_threads = orders["threads"]
        group.poll = 0  # waiting threads sleep
    wanted.n_threads_http = _HTTP_THREADS
    # The processor only, also where a build of llama.cpp could do more.
    wanted.n_gpu_layers = 0
    wanted.no_kv_offload = wanted.no_op_offload = True
    wanted.fit_params = False
    wanted.cache_ram_mib = wanted.n_ctx_checkpoints = 0
    wanted.warmup = wanted.ui = wanted.endpoint_slots = False
    wanted.cors_origins = "null"  # no page in a browser has business here
    wanted.verbosity = _ERRORS_ONLY
    server: object = xllamacpp.Server(wanted)
    return server


if __name__ == "__main__":
    main()
