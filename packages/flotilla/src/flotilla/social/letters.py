"""What the site writes by mail: one function for each letter, in the language of whom it is to. Pure.

The English words stand in `say("...")`, where `packages/flotilla/translate.py` finds them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flotilla.social.mail import Letter
from flotilla.social.words import Words

__all__ = [
    "Receiver",
    "address_changing",
    "already_aboard",
    "confirmation",
    "decided",
    "let_in",
    "not_let_in",
    "password_changed",
    "password_reset",
    "second_factor_closed",
    "second_factor_off",
    "second_factor_on",
]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Whom a letter is to: the address, whose account it is about, and the words they read; `site_url` goes below."""

    email: str
    handle: str
    words: Words
    site_url: str

    @property
    def say(self) -> Callable[..., str]:
        """An English message in their language, with its %(name)s filled in; `handle` and `site_url` are known."""
        return lambda message, **values: self.words.text(message, handle=self.handle, site_url=self.site_url, **values)


def _letter(to: Receiver, subject: str, *paragraphs: str) -> Letter:
    say = to.say
    foot = say("Flotilla at %(site_url)s") + "\n" + say("Nobody reads answers to this address.")
    return Letter(to.email, subject, "\n\n".join(paragraphs) + f"\n\n-- \n{foot}\n")


def confirmation(to: Receiver, *, token: str, days: int) -> Letter:
    """The link that proves an address."""
    say = to.say
    return _letter(
        to,
        say("Confirm your address"),
        say(
            "Somebody, most likely you, gave this address for the account @%(handle)s. To confirm that it is yours, "
            "open:"
        ),
        f"{to.site_url}/confirm/{token}",
        say(
            "The link works once, within %(days)s days. If this was not you, do nothing: without it nothing happens.",
            days=days,
        ),
    )


def already_aboard(to: Receiver, *, wanted: str) -> Letter:
    """To whoever has an account with this address, when somebody gives it for another one."""
    say = to.say
    return _letter(
        to,
        say("You have an account already"),
        say(
            "Somebody, perhaps you, gave this address for the account @%(wanted)s. It belongs to @%(handle)s already, "
            "so nothing was changed.",
            wanted=wanted,
        ),
        say("To sign in: %(site_url)s/sign-in") + "\n" + say("If you forgot the password: %(site_url)s/forgot"),
    )


def password_reset(to: Receiver, *, token: str, minutes: int) -> Letter:
    """The link to a new password."""
    say = to.say
    return _letter(
        to,
        say("Choose a new password"),
        say("Somebody, most likely you, asked for a new password for @%(handle)s. To choose one, open:"),
        f"{to.site_url}/reset/{token}",
        say(
            "It works once, within %(minutes)s minutes. If this was not you, do nothing: your password stays as it is.",
            minutes=minutes,
        ),
    )


def password_changed(to: Receiver) -> Letter:
    """That the password is another one now."""
    say = to.say
    return _letter(
        to,
        say("Your password was changed"),
        say("The password of @%(handle)s was changed, and everybody who was signed in with it was signed out."),
        say("If this was not you, take the account back: %(site_url)s/forgot"),
    )


def address_changing(to: Receiver) -> Letter:
    """To the old address, when somebody gave a new one."""
    say = to.say
    return _letter(
        to,
        say("Your address is being changed"),
        say("Another mail address was given for @%(handle)s. As soon as it is confirmed, letters go there."),
        say(
            "If this was not you, somebody knows your password. Choose a new one at once: %(site_url)s/forgot",
        ),
    )


def let_in(to: Receiver) -> Letter:
    """That a moderator approved the account."""
    say = to.say
    return _letter(to, say("Welcome aboard"), say("Your account @%(handle)s is ready. Sign in: %(site_url)s/sign-in"))


def not_let_in(to: Receiver) -> Letter:
    """That a moderator did not approve the account."""
    say = to.say
    return _letter(
        to,
        say("Your request was declined"),
        say(
            "The people who look after this site did not approve the account @%(handle)s. What you entered was deleted."
        ),
    )


def second_factor_on(to: Receiver) -> Letter:
    """That the second factor was switched on."""
    say = to.say
    return _letter(
        to,
        say("Two-step sign-in is on"),
        say("Signing in as @%(handle)s with a code from an app was switched on."),
        say("If this was not you, choose a new password at once: %(site_url)s/forgot"),
    )


def second_factor_off(to: Receiver) -> Letter:
    """That the second factor was switched off."""
    say = to.say
    return _letter(
        to,
        say("Two-step sign-in is off"),
        say("Signing in as @%(handle)s with a code from an app was switched off."),
        say("If this was not you, choose a new password at once: %(site_url)s/forgot"),
    )


def second_factor_closed(to: Receiver) -> Letter:
    """That somebody with the right password entered too many wrong codes."""
    say = to.say
    return _letter(
        to,
        say("Somebody may know your password"),
        say(
            "Somebody signed in as @%(handle)s with the right password, and then entered several wrong codes. Codes "
            "are refused for a quarter of an hour; a recovery code still works."
        ),
        say("If this was not you, choose a new password: %(site_url)s/forgot"),
    )


def decided(to: Receiver, *, headline: str, text: str) -> Letter:
    """What moderators decided about somebody, in their words; the headline is a sentence of `decisions`."""
    say = to.say
    about = say("This is about your account @%(handle)s.")
    paragraphs = (to.words.sentence(headline), *((text,) if text else ()), about)
    return _letter(to, say("From the moderators"), *paragraphs)
