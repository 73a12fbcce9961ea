"""A server that answers at once, on the CPU it is given: all the time there is to see is the time it stands still.

python load_standard.py [CPU]        prints its port, then serves until it is killed
GET /answered                        when it answered each request so far, on the machine's monotonic clock (JSON, s)
"""

import asyncio
import json
import os
import sys
import time

from seatrial.load.event_loop import run

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


answered_s: list[float] = []


class Standard(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"GET /answered "):
            body = json.dumps(answered_s).encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            return
        requests = data.count(b"\r\n\r\n")
        self.transport.write(ANSWER * requests)
        answered_s.extend([time.perf_counter()] * requests)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Standard, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if len(sys.argv) > 1:
    os.sched_setaffinity(0, {int(sys.argv[1])})
run(main())
