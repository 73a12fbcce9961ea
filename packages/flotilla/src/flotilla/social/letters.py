"""What the site writes by mail: one function for each letter. Pure."""

from flotilla.social.mail import Letter

__all__ = [
    "address_changing",
    "already_aboard",
    "confirmation",
    "decided",
    "let_in",
    "not_let_in",
    "password_changed",
    "password_reset",
    "second_factor_changed",
    "second_factor_closed",
]

_FOOT = "\n\n-- \nFlotilla at {site_url}\nNobody reads answers to this address.\n"


def _letter(to: str, site_url: str, subject: str, *paragraphs: str) -> Letter:
    return Letter(to, subject, "\n\n".join(paragraphs) + _FOOT.format(site_url=site_url))


def confirmation(to: str, *, site_url: str, handle: str, token: str, days: int) -> Letter:
    """The link that proves an address."""
    return _letter(
        to,
        site_url,
        "Confirm your address",
        f"Somebody, most likely you, gave this address for the account @{handle}. To confirm that it is yours, open:",
        f"{site_url}/confirm/{token}",
        f"The link works once, within {days} days. If this was not you, do nothing: without it nothing happens.",
    )


def already_aboard(to: str, *, site_url: str, handle: str, wanted: str) -> Letter:
    """To whoever has an account with this address, when somebody gives it for another one."""
    return _letter(
        to,
        site_url,
        "You have an account already",
        f"Somebody, perhaps you, gave this address for the account @{wanted}. It belongs to @{handle} already, so "
        "nothing was changed.",
        f"To sign in: {site_url}/sign-in\nIf you forgot the password: {site_url}/forgot",
    )


def password_reset(to: str, *, site_url: str, handle: str, token: str, minutes: int) -> Letter:
    """The link to a new password."""
    return _letter(
        to,
        site_url,
        "Choose a new password",
        f"Somebody, most likely you, asked for a new password for @{handle}. To choose one, open:",
        f"{site_url}/reset/{token}",
        f"It works once, within {minutes} minutes. If this was not you, do nothing: your password stays as it is.",
    )


def password_changed(to: str, *, site_url: str, handle: str) -> Letter:
    """That the password is another one now."""
    return _letter(
        to,
        site_url,
        "Your password was changed",
        f"The password of @{handle} was changed, and everybody who was signed in with it was signed out.",
        f"If this was not you, take the account back: {site_url}/forgot",
    )


def address_changing(to: str, *, site_url: str, handle: str) -> Letter:
    """To the old address, when somebody gave a new one."""
    return _letter(
        to,
        site_url,
        "Your address is being changed",
        f"Another mail address was given for @{handle}. As soon as it is confirmed, letters go there.",
        f"If this was not you, somebody knows your password. Choose a new one at once: {site_url}/forgot",
    )


def let_in(to: str, *, site_url: str, handle: str) -> Letter:
    """That a moderator approved the account."""
    return _letter(to, site_url, "Welcome aboard", f"Your account @{handle} is ready. Sign in: {site_url}/sign-in")


def not_let_in(to: str, *, site_url: str, handle: str) -> Letter:
    """That a moderator did not approve the account."""
    return _letter(
        to,
        site_url,
        "Your request was declined",
        f"The people who look after this site did not approve the account @{handle}. What you entered was deleted.",
    )


def second_factor_changed(to: str, *, site_url: str, handle: str, on: bool) -> Letter:
    """That the second factor was switched on or off."""
    words = "on" if on else "off"
    return _letter(
        to,
        site_url,
        f"Two-step sign-in is {words}",
        f"Signing in as @{handle} with a code from an app was switched {words}.",
        f"If this was not you, choose a new password at once: {site_url}/forgot",
    )


def second_factor_closed(to: str, *, site_url: str, handle: str) -> Letter:
    """That somebody with the right password entered too many wrong codes."""
    return _letter(
        to,
        site_url,
        "Somebody may know your password",
        f"Somebody signed in as @{handle} with the right password, and then entered several wrong codes. Codes are "
        "refused for a quarter of an hour; a recovery code still works.",
        f"If this was not you, choose a new password: {site_url}/forgot",
    )


def decided(to: str, *, site_url: str, handle: str, headline: str, text: str) -> Letter:
    """What moderators decided about somebody, in their words."""
    about = f"This is about your account @{handle}."
    paragraphs = (headline, *((text,) if text else ()), about)
    return _letter(to, site_url, "From the moderators", *paragraphs)
