"""Whether an answer is right. A fast 403 looks like high capacity to whoever does not look."""

from seatrial.errors import LoadError
from seatrial.load.messages import Response

__all__ = ["ExpectationError", "describe", "excerpt", "expect"]

_EXCERPT = 200


class ExpectationError(LoadError):
    """An answer was not what the journey expects; names what was got. response: the answer, where it is known."""

    response: Response | None = None


def expect(response: Response, status: int = 200, contains: str = "", lacks: str = "") -> None:
    """Raise ExpectationError unless the answer has this status, holds `contains` and does not hold `lacks`."""
    response.expected = True
    if response.status != status:
        wanted = f"status {status}"
    elif contains and not response.has(contains):
        wanted = f"the text {contains!r}"
    elif lacks and response.has(lacks):
        wanted = f"a page without {lacks!r}"
    else:
        return
    error = ExpectationError(f"expected {wanted}, got {describe(response)}")
    error.response = response
    raise error


def describe(response: Response) -> str:
    """An answer in words: status, where a redirect leads, and its first characters."""
    location = response.headers.get("location", "")
    leads = f" to {location[:_EXCERPT]}" if location else ""
    return f"{response.status}{leads} from {response.path}: {excerpt(response)!r}"


def excerpt(response: Response) -> str:
    """The first 200 characters of the body, white space squeezed."""
    start = response.body[: 8 * _EXCERPT].decode("utf-8", "replace")
    return " ".join(start.split())[:_EXCERPT]
