"""Whether the site works, for machines that watch it."""

from flask import Blueprint, Response, current_app, jsonify

from flotilla import __version__
from flotilla.draining import Draining
from flotilla.errors import UnavailableError
from flotilla.web.sessions import site

__all__ = ["blueprint"]

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def health() -> tuple[Response, int]:
    """200 when the database answers too, else 503 and the reason."""
    try:
        site().ping()
    except UnavailableError as error:
        return jsonify(status="unavailable", reason=error.what), 503
    return jsonify(status="ok", version=__version__), 200


@blueprint.get("/ready")
def ready() -> tuple[Response, int]:
    """200 when requests can be served: the database answers and has the tables of this version or newer ones; else 503.

    503 too while this instance is about to leave: it still serves, and a balancer is to send people elsewhere.
    """
    draining: Draining = current_app.extensions["flotilla.draining"]
    if draining.begun:
        return jsonify(status="leaving", version=__version__), 503
    try:
        fits = site().ready()
    except UnavailableError as error:
        return jsonify(status="unavailable", reason=error.what), 503
    if not fits:
        return jsonify(status="unavailable", reason="The tables are of an older version: flotilla migrate"), 503
    return jsonify(status="ready", version=__version__), 200


@blueprint.get("/live")
def live() -> tuple[Response, int]:
    """200 as long as this process answers; asks nobody else."""
    return jsonify(status="ok", version=__version__), 200
