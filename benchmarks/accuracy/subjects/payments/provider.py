"""The payment provider: an HTTP server that answers each request after 400 ms, until its standard input is closed.

    python provider.py 8941

Prints its port (0 lets the system choose one) when it listens.
"""

import asyncio
import sys

ANSWERS_AFTER_S = 0.4
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\nreceipt 4711"


async def charge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(ANSWERS_AFTER_S)  # what the subject has to wait for
        writer.write(ANSWER)
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main(port: int) -> None:
    server = await asyncio.start_server(charge, "127.0.0.1", port, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
