"""What went wrong, as the API says it: a status and `{"error": ...}`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct
from werkzeug.exceptions import HTTPException

from flotilla.api.reading import MalformedBodyError
from flotilla.errors import (
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    OAuthError,
    SignInError,
    StorageUnavailableError,
    TooManyError,
    UnavailableError,
)
from flotilla.logs import request_id
from flotilla.social.limits import Allowance

__all__ = ["Fault", "FaultAnswer", "OAuthFaultAnswer", "fault_of", "rate_headers"]

RETRY_AFTER_S = 5
NOT_FOUND = "Record not found"
OAUTH_STATUSES = {"invalid_client": 401, "unauthorized_client": 403}


class FaultAnswer(Struct, omit_defaults=True):
    """Why a request was refused."""

    error: str
    details: dict[str, Any] = {}


class OAuthFaultAnswer(Struct):
    """Why a request for a token was refused, as RFC 6749 has it."""

    error: str
    error_description: str


class Fault(Exception):
    """A refusal with its status, from the face itself."""

    def __init__(self, status: int, error: str, **headers: str) -> None:
        super().__init__(error)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def fault_of(error: Exception) -> tuple[int, FaultAnswer | OAuthFaultAnswer, dict[str, str]]:
    """Status, body and headers for whatever was raised; what nobody expected is logged and told without details."""
    headers: dict[str, str] = {}
    body: FaultAnswer | OAuthFaultAnswer
    match error:
        case Fault():
            status, body, headers = error.status, FaultAnswer(str(error)), error.headers
        case OAuthError():
            status, body = OAUTH_STATUSES.get(error.code, 400), OAuthFaultAnswer(error.code, str(error))
            if status == 401:
                headers["WWW-Authenticate"] = 'Basic realm="Flotilla"'
        case InvalidInputError():
            details = {name: [{"error": "ERR_INVALID", "description": said}] for name, said in error.problems.items()}
            status, body = 422, FaultAnswer(f"Validation failed: {error}", details)
        case NotFoundError():
            status, body = 404, FaultAnswer(NOT_FOUND)
        case TooManyError():
            status, body = 429, FaultAnswer("Too many requests")
            headers = rate_headers(Allowance(error.limit, 0, error.retry_after_s))
            headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
        case SignInError() | ForbiddenError():
            status, body = 403, FaultAnswer("This action is not allowed")
        case MalformedBodyError():
            status, body = 400, FaultAnswer("The request's body could not be read")
        case StorageUnavailableError():
            _log().warning("storage unavailable", request_id=request_id(), reason=error.what)
            status, body = 503, FaultAnswer("The site cannot reach the place where it keeps its pictures")
            headers["Retry-After"] = str(RETRY_AFTER_S)
        case UnavailableError():
            _log().warning("database unavailable", request_id=request_id(), reason=error.what)
            status, body = 503, FaultAnswer("The site cannot reach its database, or is too busy to answer")
            headers["Retry-After"] = str(RETRY_AFTER_S)
        case HTTPException():
            status = error.code or 500
            body = FaultAnswer(NOT_FOUND if status in {404, 405} else error.name)
        case _:
            _log().error("request failed", request_id=request_id(), exc_info=error)
            status, body = 500, FaultAnswer("Something broke on our side")
    return status, body, headers


def rate_headers(left: Allowance) -> dict[str, str]:
    """How much more an app may ask, and when it starts anew."""
    resets_at = datetime.now(UTC) + timedelta(seconds=left.resets_s)
    return {
        "X-RateLimit-Limit": str(left.limit),
        "X-RateLimit-Remaining": str(left.remaining),
        "X-RateLimit-Reset": resets_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _log() -> Any:
    return structlog.get_logger("flotilla.api")
