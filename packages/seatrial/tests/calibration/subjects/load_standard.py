"""A server that answers at once, on the CPU it is given: all the time there is to see is the time it stands still.

python load_standard.py [CPU]        prints its port, then serves until it is killed
"""

import asyncio
import os
import sys

from seatrial.load.event_loop import run

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


class Standard(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER * data.count(b"\r\n\r\n"))


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Standard, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if len(sys.argv) > 1:
    os.sched_setaffinity(0, {int(sys.argv[1])})
run(main())
