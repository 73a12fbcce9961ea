"""The few static files: read once, named by their content, kept by browsers for a year."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, request

from flotilla.errors import StartError

__all__ = ["Asset", "blueprint", "copy_assets", "read_assets"]

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
ONE_YEAR_S = 365 * 24 * 3600
READABLE_BY_ALL = 0o644

blueprint = Blueprint("assets", __name__)


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file: its bytes, its type, and a digest of its content that is part of its address."""

    name: str
    content: bytes
    content_type: str
    digest: str

    @property
    def url(self) -> str:
        """The address pages use; it changes whenever the content does."""
        return f"/static/{self.digest}/{self.name}"


def read_assets() -> dict[str, Asset]:
    """Every file under the package's static folder, by name."""
    assets = {}
    for entry in files("flotilla").joinpath("static").iterdir():
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in CONTENT_TYPES:
            content = entry.read_bytes()
            digest = sha256(content).hexdigest()[:12]
            assets[entry.name] = Asset(entry.name, content, CONTENT_TYPES[suffix], digest)
    return assets


def copy_assets(folder: Path) -> int:
    """Write every static file into `folder` at the path of its address, for a web server to serve; how many.

    Those of earlier versions stay: a page that somebody still has open asks for them. Raises StartError.
    """
    assets = read_assets().values()
    try:
        for asset in assets:
            path = folder / asset.url.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            # Moved into place whole: the web server may be at it.
            unfinished = path.with_name(f".{path.name}.new")
            unfinished.write_bytes(asset.content)
            unfinished.chmod(READABLE_BY_ALL)
            unfinished.replace(path)
    except OSError as error:
        raise StartError(f"The static files could not be written to {folder}: {error.strerror}.") from error
    return len(assets)


@blueprint.get("/static/<digest>/<name>")
def asset(digest: str, name: str) -> Response:
    """One static file. A page from before an update asks by an old digest: it gets today's file, kept by nobody."""
    assets: Mapping[str, Asset] = current_app.extensions["flotilla.assets"]
    found = assets.get(name)
    if found is None:
        abort(404)
    response = Response(found.content, content_type=found.content_type)
    response.set_etag(found.digest)
    if digest == found.digest:
        response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR_S}, immutable"
    else:
        response.headers["Cache-Control"] = "no-cache"
    return response.make_conditional(request)  # type: ignore[return-value]  # werkzeug's stub says its own base class
