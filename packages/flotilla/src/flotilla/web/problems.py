"""Pages for what went wrong: what happened, and what the person reading it can do."""

import math
from dataclasses import dataclass

import structlog
from flask import Flask, Response, g, make_response, request
from werkzeug.exceptions import HTTPException

from flotilla.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    StorageUnavailableError,
    TooManyError,
    UnavailableError,
)
from flotilla.logs import request_id
from flotilla.social import Viewer
from flotilla.web.csrf import StaleFormError
from flotilla.web.rendering import page
from flotilla.web.sessions import viewer
from flotilla.web.translating import mark

__all__ = ["add_problem_pages", "problem_page"]

RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Explanation:
    """A problem page's words."""

    heading: str
    what: str
    try_this: str


EXPLANATIONS = {
    400: Explanation(
        mark("That could not be done"),
        mark("Something in the request does not make sense to this site."),
        mark("Go back, check what you entered, and send it again."),
    ),
    403: Explanation(
        mark("That is not yours to change"),
        mark("You are signed in as somebody who may not do this."),
        mark("Sign in as the person it belongs to, or leave it as it is."),
    ),
    404: Explanation(
        mark("Nothing at this position"),
        mark("There is no such page. The post may have been deleted, or the address has a slip in it."),
        mark("Check the address, or start again from the newest posts."),
    ),
    405: Explanation(
        mark("This address works by a button only"),
        mark("You followed an address that belongs to a form."),
        mark("Go back to the page with the button, and press it there."),
    ),
    409: Explanation(
        mark("Somebody was faster"),
        mark("It was changed by somebody else in the meantime."),
        mark("Go back, reload the page, and look how it stands now."),
    ),
    413: Explanation(
        mark("That was too much at once"),
        mark("The form you sent is larger than this site accepts."),
        mark("Go back, shorten it, and send it again."),
    ),
    429: Explanation(
        mark("Easy on the oars"),
        mark("You asked for more than your share in a short time."),
        mark("Wait a minute, then try again."),
    ),
    500: Explanation(
        mark("We ran aground"),
        mark("Something broke on our side. What you sent may not have been saved."),
        mark("Go back and look whether it was; if not, try again in a moment."),
    ),
    503: Explanation(
        mark("Becalmed for a moment"),
        mark("The site cannot reach its database, or is too busy to answer. Nothing is lost that was saved before."),
        mark("Wait a few seconds, then try again. What you were sending was not saved."),
    ),
}
NO_STORAGE = Explanation(
    mark("Becalmed for a moment"),
    mark("The site cannot reach the place where it keeps its pictures. Nothing is lost that was saved before."),
    mark("Wait a few seconds, then try again. The picture you were sending was not saved."),
)
STALE_FORM = Explanation(
    mark("That form was too old"),
    mark("It was made before you last signed in or out, or your browser did not send our cookie. Nothing was changed."),
    mark("Go back, reload the page, and send it once more. Cookies have to be allowed for this site."),
)


def problem_page(status: int, explanation: Explanation | None = None, *, quote_id: str = "") -> Response:
    """The page for `status`. It needs no database, so that it can also say that there is none."""
    words = explanation or EXPLANATIONS.get(status) or EXPLANATIONS[500 if status >= 500 else 400]
    body = page(
        "problem.html",
        "problem",
        me=known_viewer(ask=status < 500),
        asks=status < 500,
        status=status,
        heading=words.heading,
        what=words.what,
        try_this=words.try_this,
        quote_id=quote_id,
        again=request.full_path.rstrip("?") if status in {429, 500, 503} and request.method == "GET" else "",
    )
    response = make_response(body, status)
    if status in {429, 503}:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def known_viewer(*, ask: bool) -> Viewer | None:
    """Who is signed in as far as this request found out; with `ask` it may still ask the database."""
    try:
        return viewer() if ask else g.get("me")
    except UnavailableError:
        return None


def add_problem_pages(app: Flask) -> None:
    """Answer every error of the rules and of HTTP with a page of the site."""
    log = structlog.get_logger("flotilla.web")

    @app.errorhandler(StaleFormError)
    def stale_form(_error: StaleFormError) -> Response:
        return problem_page(403, STALE_FORM)

    @app.errorhandler(NotFoundError)
    def not_found(_error: NotFoundError) -> Response:
        return problem_page(404)

    @app.errorhandler(ForbiddenError)
    def forbidden(_error: ForbiddenError) -> Response:
        return problem_page(403)

    @app.errorhandler(TooManyError)
    def too_many(error: TooManyError) -> Response:
        response = problem_page(429)
        response.headers["Retry-After"] = str(math.ceil(error.retry_after_s))
        return response

    @app.errorhandler(InvalidInputError)
    def invalid(error: InvalidInputError) -> Response:
        usual = EXPLANATIONS[400]
        return problem_page(400, Explanation(usual.heading, str(error), usual.try_this))

    @app.errorhandler(ConflictError)
    def conflict(error: ConflictError) -> Response:
        usual = EXPLANATIONS[409]
        return problem_page(409, Explanation(usual.heading, str(error), usual.try_this))

    @app.errorhandler(UnavailableError)
    def unavailable(error: UnavailableError) -> Response:
        of_storage = isinstance(error, StorageUnavailableError)
        said = "storage unavailable" if of_storage else "database unavailable"
        log.warning(said, request_id=request_id(), reason=error.what)
        return problem_page(503, NO_STORAGE if of_storage else None)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        if error.code is None or error.code < 400:  # a redirect raised by the routing
            return make_response(error.get_response())
        response = problem_page(error.code)
        if "Allow" in (usual := error.get_response().headers):
            response.headers["Allow"] = usual["Allow"]
        return response

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        log.error("request failed", request_id=request_id(), exc_info=error)
        return problem_page(500, quote_id=request_id())
