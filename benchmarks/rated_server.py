"""An embedding server with a fixed rate: so many tokens a second, so many requests at once, and its faults.

``python -m benchmarks.rated_server PORT RATE SLOTS REFUSED ANSWERS FIXED`` serves until it is ended, or until
it has given so many answers (0: any number); then it dies without a word, in the middle of its work. It
refuses the share REFUSED of requests with 429 at once. A request takes FIXED seconds beside its tokens' time;
a text's tokens are a quarter of its characters.
"""

import asyncio
import base64
import heapq
import json
import os
import random
import sys
import time

WIDTH = 256


def tokens_of(texts: list[str]) -> float:
    """Return how many tokens these texts are to this server."""
    return sum(map(len, texts)) / 4


class RatedServer:
    """Answers requests at the rate, in as many slots."""

    def __init__(self, rate: float, slots: int, refused: float, answers: int, fixed: float) -> None:
        self._fixed_seconds = fixed  # of every request, whatever its size
        self._seconds_a_token = slots / rate  # a slot is that much slower than the whole
        self._free_at = [0.0] * slots  # a heap: when each slot is done with what it was given
        self._refused = refused
        self._answers_left = answers or 1 << 60
        self._chance = random.Random(0)
        vector = b"".join(value.to_bytes(4, "little") for value in (0x3F800000, *[0] * (WIDTH - 1)))
        self._vector = base64.b64encode(vector).decode()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                fields = dict(
                    line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:] if ": " in line
                )
                body = await reader.readexactly(int(fields.get("content-length", 0)))
                reply = await self._reply(body)
                writer.write(reply)
                await writer.drain()
                if reply.startswith(b"HTTP/1.1 200"):
                    # Who started it is told how many texts were answered, over all its lives.
                    sys.stdout.write(f"{len(json.loads(body)['input'])}\n")
                    sys.stdout.flush()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _reply(self, body: bytes) -> bytes:
        if self._chance.random() < self._refused:
            return _http(429, {"error": {"message": "rate limit"}})
        texts = json.loads(body)["input"]
        # By appointment, so that a late wake-up of this process does not slow the server down.
        now = time.monotonic()
        done = (
            max(now, heapq.heappop(self._free_at))
            + self._fixed_seconds
            + tokens_of(texts) * self._seconds_a_token
        )
        heapq.heappush(self._free_at, done)
        await asyncio.sleep(done - now)
        if self._answers_left <= 0:
            os._exit(1)
        self._answers_left -= 1
        data = [{"index": index, "embedding": self._vector} for index in range(len(texts))]
        return _http(200, {"data": data, "usage": {"prompt_tokens": int(tokens_of(texts))}})


def _http(status: int, document: object) -> bytes:
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status} Here\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def serve(port: int, server: RatedServer) -> None:
    """Serve until the process ends."""
    listening = await asyncio.start_server(server.handle, "127.0.0.1", port, limit=1 << 26, backlog=512)
    async with listening:
        await listening.serve_forever()


if __name__ == "__main__":
    port, rate, slots, refused, answers, fixed = sys.argv[1:]
    server = RatedServer(float(rate), int(slots), float(refused), int(answers), float(fixed))
    asyncio.run(serve(int(port), server))
