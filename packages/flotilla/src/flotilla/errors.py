"""Every failure Flotilla raises on purpose.

    FlotillaError                what happened, and what to try; carries the exit status of the program
    ├── StartError               the site cannot start or be prepared: a setting, the database, its version   exit 3
    ├── UnavailableError         the database did not answer in time; trying again may help                  exit 3
    │   └── StorageUnavailableError   the disk or the bucket with the pictures did not
    └── RuleError                a person asked for something the rules refuse; its text may be shown to them
        ├── InvalidInputError    one or more fields cannot be accepted as they are
        ├── SignInError          handle and password do not belong together
        ├── NotFoundError        there is no such person, post or page
        ├── TooManyError         it was asked for too often in too short a time
        ├── OAuthError           an app asked for a token, or to act for somebody, in a way the protocol refuses
        ├── ForbiddenError       it exists, but is not this person's to change
        └── ConflictError        it was changed meanwhile by somebody else

A face (web page, API) turns RuleErrors into its own answers: 400, 400, 404, 429, 403, 409 (OAuthError:
400, 401 or 403); UnavailableError into 503.
"""

from collections.abc import Mapping

__all__ = [
    "ConflictError",
    "FlotillaError",
    "ForbiddenError",
    "InvalidInputError",
    "NotFoundError",
    "OAuthError",
    "RuleError",
    "SignInError",
    "StartError",
    "StorageUnavailableError",
    "TooManyError",
    "UnavailableError",
]


class FlotillaError(Exception):
    """What happened, and what to try, in sentences a beginner can act on."""

    exit_status = 3

    def __init__(self, what: str, *, try_this: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.try_this = try_this

    def __str__(self) -> str:
        return f"{self.what}\n{self.try_this}" if self.try_this else self.what


class StartError(FlotillaError):
    """The site cannot start or be prepared; the text names the setting or the server, and the next step."""


class UnavailableError(FlotillaError):
    """The database did not answer in time, or no connection to it was free; the same request may work later."""


class StorageUnavailableError(UnavailableError):
    """Pictures cannot be stored or read now: no room on the disk, or their bucket does not answer."""


class RuleError(FlotillaError):
    """A person asked for something the rules refuse; the text is meant for that person."""


class InvalidInputError(RuleError):
    """One or more fields cannot be accepted; `problems` maps each field's name to a sentence for the person."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class SignInError(RuleError):
    """Handle and password do not belong together; which of the two is wrong is not told."""


class NotFoundError(RuleError):
    """There is no such person, post or page (any more)."""


class OAuthError(RuleError):
    """An app's request that OAuth2 refuses; `code` is RFC 6749's word for it, the text is for the app's developer."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code


class TooManyError(RuleError):
    """It was asked for more than `limit` times in a period that ends in `retry_after_s` seconds."""

    def __init__(self, *, limit: int, retry_after_s: float) -> None:
        super().__init__("That was too often in a short time. Wait a while, then try again.")
        self.limit = limit
        self.retry_after_s = retry_after_s


class ForbiddenError(RuleError):
    """It exists, but it is not this person's to change."""


class ConflictError(RuleError):
    """Somebody else changed it meanwhile, so that this change would not mean any more what it meant."""
