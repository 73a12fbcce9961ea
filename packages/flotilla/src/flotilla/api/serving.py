"""From a request to its endpoint's view and back: tokens and their scopes, parameters, JSON, headers."""

from functools import cache, partial

import msgspec
from flask import Blueprint, Response, current_app, g, request

from flotilla.api.addresses import Addresses
from flotilla.api.calls import Call
from flotilla.api.endpoints import Endpoint, Nothing, Who
from flotilla.api.faults import Fault, fault_of, rate_headers
from flotilla.api.openapi import description
from flotilla.api.reading import given
from flotilla.api.table import endpoints
from flotilla.social import Site
from flotilla.social.grants import Bearer
from flotilla.social.scopes import allows

__all__ = ["blueprint"]

JSON = "application/json; charset=utf-8"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# What pages of other sites may do with the answers: read them. They cannot send our cookie's rights along, as the API
# reads no cookie.
CROSS_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Link, X-RateLimit-Reset, X-RateLimit-Limit, X-RateLimit-Remaining, X-Request-Id",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": ", ".join(METHODS),
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
    "Access-Control-Max-Age": "7200",
}
NOT_YET = {
    "unconfirmed": "Your login is missing a confirmed e-mail address",
    "waiting": "Your login is currently pending approval",
    "suspended": "Your login is currently disabled",
}
_encode = msgspec.json.Encoder().encode


def blueprint() -> Blueprint:
    """Every endpoint, and a JSON 404 for what else is under /api."""
    made = Blueprint("api", __name__)
    for endpoint in endpoints():
        view = partial(serve, endpoint)
        # How large a request may be: see flotilla.web.sizes.
        view.files_taken = len(endpoint.files)  # type: ignore[attr-defined]
        made.add_url_rule(
            endpoint.path, endpoint.name, view, methods=[endpoint.method], provide_automatic_options=False
        )
    preflight_paths = sorted({endpoint.path for endpoint in endpoints()})
    for number, path in enumerate(preflight_paths):
        made.add_url_rule(path, f"preflight_{number}", preflight, methods=["OPTIONS"])
    made.add_url_rule("/api/openapi.json", "openapi", openapi)
    made.add_url_rule("/api/<path:rest>", "nothing", nothing, methods=[*METHODS, "OPTIONS"])
    made.after_request(_share)
    made.register_error_handler(Exception, _refused)
    return made


def serve(endpoint: Endpoint, **in_path: str) -> Response:
    """Answer one request."""
    bearer = _bearer()
    peer = request.remote_addr or ""
    who = None if bearer is None or bearer.viewer is None else bearer.viewer.account_id
    left = _site().limits.api(peer, who)
    # For a refusal, too, which counts like any other answer.
    g.left_for_apps = {} if left is None else rate_headers(left)
    _check(endpoint, bearer)
    call = Call(
        site=_site(),
        addresses=_addresses(),
        path=request.path,
        arguments=list(request.args.items(multi=True)),
        bearer=bearer,
        basic=_basic(),
        idempotency_key=request.headers.get("Idempotency-Key", "")[:200],
        peer=peer,
        files=request.files if endpoint.files else {},
        headers=dict(g.left_for_apps),
    )
    wanted = () if endpoint.takes is Nothing else (given(request, endpoint.takes, in_path),)
    answer = endpoint.view(call, *wanted)
    return Response(_encode(answer), call.status, call.headers, content_type=JSON)


def preflight(**_in_path: str) -> Response:
    """What a page of another site asks before it sends a request with a token."""
    return Response(status=204, headers=PREFLIGHT)


def openapi() -> Response:
    """The description of all this."""
    return Response(_described(), content_type=JSON)


@cache
def _described() -> bytes:
    return _encode(description(endpoints()))


def nothing(rest: str) -> Response:
    """What is not there, or not by this method."""
    if request.method == "OPTIONS":
        return preflight(rest=rest)
    raise Fault(404, "Record not found")


def _site() -> Site:
    found: Site = current_app.extensions["flotilla.site"]
    return found


def _addresses() -> Addresses:
    return Addresses(_site().settings.site_url, _site().settings.media_public_url)


def _bearer() -> Bearer | None:
    """Whoever the token stands for. A token that is none is refused everywhere, so that nobody reads as a stranger."""
    header = request.headers.get("Authorization", "")
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer":
        return None
    found = _site().grants.presented(token.strip())
    if found is None:
        raise _no_token()
    if found.viewer is not None:
        g.acting_account_id = found.viewer.account_id
    return found


def _basic() -> tuple[str, str] | None:
    offered = request.authorization
    if offered is None or offered.type != "basic":
        return None
    return offered.username or "", offered.password or ""


def _no_token() -> Fault:
    return Fault(401, "The access token is invalid", WWW_Authenticate='Bearer realm="Flotilla", error="invalid_token"')


def _check(endpoint: Endpoint, bearer: Bearer | None) -> None:
    if bearer is None:
        if endpoint.who is not Who.ANYONE:
            raise _no_token()
        return
    if endpoint.scopes and not any(allows(bearer.scopes, scope) for scope in endpoint.scopes):
        raise Fault(403, "This action is outside the authorized scopes")
    if bearer.viewer is not None and bearer.state in NOT_YET:
        raise Fault(403, NOT_YET[bearer.state])
    if endpoint.who is Who.PERSON and bearer.viewer is None:
        raise Fault(422, "This method requires an authenticated user")


def _refused(error: Exception) -> Response:
    status, body, headers = fault_of(error)
    return Response(_encode(body), status, g.get("left_for_apps", {}) | headers, content_type=JSON)


def _share(response: Response) -> Response:
    for name, value in CROSS_ORIGIN.items():
        response.headers[name] = value
    return response
