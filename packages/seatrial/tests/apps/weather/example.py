"""The weather at sea, made up: Starlette, no database; over HTTPS only, and by its own name."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

STATIONS = {number: {"name": f"Station {number}", "wind": (number * 7) % 40} for number in range(1, 200)}


async def homepage(request):
    links = "".join(f'<li><a href="/stations/{n}">{s["name"]}</a>' for n, s in list(STATIONS.items())[:20])
    return HTMLResponse(f'<ul>{links}</ul><a href="/strongest">Strongest</a>')


async def station(request):
    return JSONResponse(STATIONS[request.path_params["number"]])


async def strongest(request):
    return JSONResponse(sorted(STATIONS.values(), key=lambda one: -one["wind"])[:10])


app = Starlette(
    routes=[
        Route("/", homepage),
        Route("/stations/{number:int}", station),
        Route("/strongest", strongest),
    ],
    middleware=[
        Middleware(TrustedHostMiddleware, allowed_hosts=["weather.example.org"]),
        Middleware(HTTPSRedirectMiddleware),
    ],
)
