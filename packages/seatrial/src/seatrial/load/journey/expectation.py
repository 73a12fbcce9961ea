"""Whether an answer is right. A fast 403 looks like high capacity to whoever does not look."""

from collections.abc import Collection, Mapping

from seatrial.load.http.messages import ExpectationError, Response, describe

__all__ = ["expect"]

_NOT_ASKED = object()


def expect(
    response: Response,
    status: int | Collection[int] = 200,
    contains: str | bytes = "",
    lacks: str | bytes = "",
    *,
    json: object = _NOT_ASKED,
) -> None:
    """Raise ExpectationError unless the answer has this status, holds `contains` and does not hold `lacks`.

    status: one, or several that are all right, such as (200, 304). json: what the answer must hold as JSON; of an
    object, the keys given here, whatever others there are.
    """
    response.expected = True
    if response.status != status and (isinstance(status, int) or response.status not in status):
        allowed = [status] if isinstance(status, int) else status
        wanted = f"status {' or '.join(map(str, allowed))}"
    elif contains and not response.has(contains):
        wanted = f"the text {contains!r}"
    elif lacks and response.has(lacks):
        wanted = f"a page without {lacks!r}"
    elif json is not _NOT_ASKED and (missed := _missed(json, response.json(), "")):
        wanted = f"JSON with {missed}"
    else:
        return
    # Not kept in a variable: an error that its own traceback leads to stays until the garbage collector looks.
    raise ExpectationError(f"expected {wanted}, got {describe(response)}", response=response)


def _missed(wanted: object, got: object, path: str) -> str:
    """The first thing of `wanted` that is not so in `got`, in words; empty when all is."""
    if not isinstance(wanted, Mapping):
        # In JSON, true is not 1.
        same = wanted == got and isinstance(wanted, bool) == isinstance(got, bool)
        return "" if same else f"{wanted!r}{path and f' as {path}'} (there it is {got!r})"
    if not isinstance(got, Mapping):
        return f"an object{path and f' as {path}'} (there it is {got!r})"
    for key, value in wanted.items():
        here = f"{path}.{key}" if path else str(key)
        missed = _missed(value, got[key], here) if key in got else f"the key {here}"
        if missed:
            return missed
    return ""
