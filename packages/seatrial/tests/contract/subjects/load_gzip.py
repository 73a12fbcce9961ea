"""A small Starlette app that compresses as many do, for uvicorn; and two answers that only say they are gzip."""

import gzip

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

PAGE = "<h1>Grüße</h1>" + "<p>What is new in town?</p>" * 100
_BOMB = gzip.compress(bytes(64 * 1024 * 1024))


async def page(request: Request) -> Response:
    return HTMLResponse(PAGE, headers={"X-Asked": request.headers.get("accept-encoding", "")})


async def streamed(request: Request) -> Response:
    return StreamingResponse((line.encode() for line in PAGE.splitlines(keepends=True) * 50), media_type="text/html")


async def data(request: Request) -> Response:
    return JSONResponse({"posts": [{"text": "Grüße"}] * 50})


async def bomb(request: Request) -> Response:
    return Response(_BOMB, headers={"Content-Encoding": "gzip"})


async def broken(request: Request) -> Response:
    return Response(_BOMB[:100], headers={"Content-Encoding": "gzip"})


async def form(request: Request) -> Response:
    return HTMLResponse('<form method=post><input name=token value="t1"></form>' + " " * 2000)


async def sent(request: Request) -> Response:
    return Response(await request.body())


app = Starlette(
    routes=[
        Route("/", page),
        Route("/streamed", streamed),
        Route("/data", data),
        Route("/bomb", bomb),
        Route("/broken", broken),
        Route("/form", form),
        Route("/form", sent, methods=["POST"]),
    ],
    middleware=[Middleware(GZipMiddleware, minimum_size=500)],
)
