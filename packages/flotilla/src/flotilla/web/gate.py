"""The gate in front of every page: networks that moderators blocked get one answer, and no other."""

from flask import Flask, Response, jsonify, request

from flotilla.web.problems import Explanation, problem_page
from flotilla.web.sessions import site

__all__ = ["add_gate"]

# What machines ask about the site's health, and what the refusal itself is drawn with.
ALWAYS_ANSWERED = frozenset({"assets.asset", "health.health", "health.live"})
KEPT_OUT = Explanation(
    "Not from this network",
    "The people who look after this site let nobody in from the network you are on.",
    "If that hits you by mistake, write to them from elsewhere.",
)


def add_gate(app: Flask) -> None:
    """Refuse, with 403, requests to `app` from blocked networks."""

    @app.before_request
    def keep_out() -> Response | None:
        if request.endpoint in ALWAYS_ANSWERED or site().gatekeeping.may_visit(request.remote_addr or ""):
            return None
        if request.path.startswith("/api/"):
            refused = jsonify(error=KEPT_OUT.what)
            refused.status_code = 403
            return refused
        return problem_page(403, KEPT_OUT)
