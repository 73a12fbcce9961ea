"""Phrases of the report of a load."""

__all__ = ["ERROR_CAUSES", "in_words"]

ERROR_CAUSES = {
    "refused": "the server did not take the connection",
    "tls": "no secure connection could be agreed on, or its certificate is not trusted",
    "reset": "the connection was closed before a whole answer came",
    "timeout": "no whole answer in time, counted from when it was due",
    "protocol": "what came was not HTTP, not whole, or too long",
    "status": "the status was 400 or more, or redirects had no end or led away from the app",
    "expectation": "status or text were not what was expected",
    "cap": "not sent: nothing new begins while as many are on their way as --connections allows",
    "unfinished": "still on its way long after the end",
    "journey": "the journey's own code raised an error",
}
"""What each cause of `errors` means, in words for a table."""


def in_words(count: int, thing: str) -> str:
    """`1 request`, `1,200 requests`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
