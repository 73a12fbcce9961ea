"""Pictures as files: whoever knows an address gets the picture, kept by browsers for a year. Nothing of it ever runs.

No database is asked. A web server in front may serve what is public instead: the path after /media/ is the path in it.
"""

from datetime import UTC, datetime

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import wrap_file

from flotilla.errors import StorageUnavailableError
from flotilla.web.sessions import site

__all__ = ["CONTENT_TYPES", "PICTURE_HEADERS", "blueprint"]

RETRY_AFTER_S = 5
ONE_YEAR_S = 365 * 24 * 3600
CONTENT_TYPES = {"jpg": "image/jpeg", "webp": "image/webp"}
# A picture opened by itself is a page too: this one may load and do nothing. Other sites may show it, as apps do.
PICTURE_HEADERS = (
    ("Content-Security-Policy", "default-src 'none'; sandbox"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("Access-Control-Allow-Origin", "*"),
)

blueprint = Blueprint("media", __name__)


@blueprint.get("/media/<folder>/<name>")
def picture(folder: str, name: str) -> Response:
    """One picture; nothing but the name of one of our own files leads to a file."""
    try:
        opened = site().files.open(f"{folder}/{name}")
    except ValueError:
        return _none()
    except StorageUnavailableError:
        return _not_now()
    if opened is None:
        return _none()
    suffix = name.rpartition(".")[2]
    # As a file where it is one: the server hands it to the system without reading it.
    body = wrap_file(request.environ, opened.stream)
    response = Response(body, mimetype=CONTENT_TYPES[suffix], direct_passthrough=True)
    response.content_length = opened.size_bytes
    response.last_modified = datetime.fromtimestamp(opened.written_s, UTC)
    # What has once been stored under a name never changes, and is called so on every machine.
    response.set_etag(f"{folder}{name}")
    try:
        response.make_conditional(request.environ, accept_ranges=True, complete_length=opened.size_bytes)
    except RequestedRangeNotSatisfiable:
        opened.stream.close()
        raise
    response.cache_control.max_age = ONE_YEAR_S
    response.cache_control.public = True
    response.cache_control.immutable = True
    response.headers["Content-Disposition"] = f'inline; filename="picture.{suffix}"'
    for header, value in PICTURE_HEADERS:
        response.headers[header] = value
    return response


def _not_now() -> Response:
    response = Response(
        "The pictures cannot be reached at the moment.\n", 503, content_type="text/plain; charset=utf-8"
    )
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _none() -> Response:
    # Without a page around it: it is a picture that is missing, or was deleted.
    return Response("There is no such picture.\n", 404, content_type="text/plain; charset=utf-8")
