"""Pictures as files: whoever knows an address gets the picture, kept by browsers for a year. Nothing of it ever runs.

No database is asked. A web server in front may serve the folder instead: the path after /media/ is the path in it.
"""

from flask import Blueprint, Response, send_from_directory

from flotilla.web.sessions import site

__all__ = ["CONTENT_TYPES", "PICTURE_HEADERS", "blueprint"]

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
        path = site().files.path_of(f"{folder}/{name}")
    except ValueError:
        return _none()
    if not path.is_file():
        return _none()
    suffix = path.suffix[1:]
    response = send_from_directory(
        path.parent, path.name, mimetype=CONTENT_TYPES[suffix], max_age=ONE_YEAR_S, conditional=True, etag=True
    )
    response.cache_control.public = True
    response.cache_control.immutable = True
    response.headers["Content-Disposition"] = f'inline; filename="picture.{suffix}"'
    for header, value in PICTURE_HEADERS:
        response.headers[header] = value
    return response


def _none() -> Response:
    # Without a page around it: it is a picture that is missing, or was deleted.
    return Response("There is no such picture.\n", 404, content_type="text/plain; charset=utf-8")
