"""An async app, shaped as FastAPI's are, with the usual mistake: 5 % of its requests call a blocking driver in an
`async def`, so that the whole event loop stands still for 20 ms.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

ROOMS, HOTELS = 20_000, 500


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Both connections of this process: the pool of the async driver, and the blocking one."""
    url = os.environ["DATABASE_URL"]
    app.state.blocking = psycopg.connect(url, autocommit=True)
    async with AsyncConnectionPool(url, min_size=1, max_size=int(os.environ["POOL_SIZE"]), timeout=30) as pool:
        app.state.pool = pool
        yield
    app.state.blocking.close()


async def health(_request: Request) -> JSONResponse:
    return JSONResponse({"ok": True})


async def hotel(request: Request) -> JSONResponse:
    """Two queries, awaited."""
    number = int(request.path_params["number"])
    async with request.app.state.pool.connection() as connection:
        row = await (await connection.execute("SELECT id, name FROM hotels WHERE id = %s", (number,))).fetchone()
        rooms = await (
            await connection.execute("SELECT id, beds, price FROM rooms WHERE hotel_id = %s ORDER BY price", (number,))
        ).fetchall()
    shown = [{"id": room, "beds": beds, "price": f"{price / 100:.2f}"} for room, beds, price in rooms]
    return JSONResponse({"hotel": row[1], "rooms": shown})


async def report(request: Request) -> JSONResponse:
    """Waits 20 ms for the database in a call that lets nobody else go on."""
    row = request.app.state.blocking.execute("SELECT count(*), pg_sleep(0.02) FROM hotels").fetchone()
    return JSONResponse({"hotels": row[0]})


app = Starlette(
    routes=[Route("/health", health), Route("/hotels/{number:int}", hotel), Route("/report", report)],
    lifespan=lifespan,
)


def fill() -> None:
    """Tables and data, the same every time."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE hotels (id int PRIMARY KEY, name text NOT NULL)")
        connection.execute(
            "CREATE TABLE rooms (id int PRIMARY KEY, hotel_id int NOT NULL, beds int NOT NULL, price int NOT NULL)"
        )
        connection.execute("INSERT INTO hotels SELECT n, 'Hotel ' || n FROM generate_series(1, %s) n", (HOTELS,))
        connection.execute(
            "INSERT INTO rooms SELECT n, 1 + n %% %s, 1 + n %% 4, 4000 + n * 31 %% 9000 FROM generate_series(1, %s) n",
            (HOTELS, ROOMS),
        )
        connection.execute("CREATE INDEX ON rooms (hotel_id)")


if __name__ == "__main__":
    fill()
