"""Letting an app in: the page that asks a person, and the list of apps they let in."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from flotilla.errors import OAuthError
from flotilla.social import Viewer
from flotilla.social.apps import App
from flotilla.social.pkce import is_challenge
from flotilla.social.redirects import OUT_OF_BAND, form_target
from flotilla.social.scopes import accepted_scopes, within
from flotilla.web.headers import allow_forms_to
from flotilla.web.problems import Explanation, problem_page
from flotilla.web.rendering import page
from flotilla.web.sessions import signed_in_only, site
from flotilla.web.translating import _, mark

__all__ = ["blueprint", "scope_words"]

STATE_MAX_CHARACTERS = 2000
WORDS = {
    "read": mark("See everything that you can see, your private messages too"),
    "write": mark("Post, delete and change things as if it were you"),
    "follow": mark("See and change whom you follow, block and mute"),
    "push": mark("Receive your notifications"),
    "profile": mark("See who you are"),
    "read:accounts": mark("See accounts and profiles"),
    "read:blocks": mark("See whom you blocked"),
    "read:bookmarks": mark("See your bookmarks"),
    "read:favourites": mark("See what you like"),
    "read:filters": mark("See your filters"),
    "read:follows": mark("See whom you follow"),
    "read:lists": mark("See your lists"),
    "read:mutes": mark("See whom you muted"),
    "read:notifications": mark("See your notifications"),
    "read:search": mark("Search as you"),
    "read:statuses": mark("See posts, your private messages too"),
    "write:accounts": mark("Change your profile"),
    "write:blocks": mark("Block and unblock people"),
    "write:bookmarks": mark("Change your bookmarks"),
    "write:conversations": mark("Mark your conversations as read, and remove them"),
    "write:favourites": mark("Like posts"),
    "write:filters": mark("Change your filters"),
    "write:follows": mark("Change whom you follow"),
    "write:lists": mark("Change your lists"),
    "write:media": mark("Upload pictures"),
    "write:mutes": mark("Mute and unmute people"),
    "write:notifications": mark("Clear your notifications"),
    "write:reports": mark("Report people to the moderators"),
    "write:statuses": mark("Write and delete posts, private messages too"),
}

blueprint = Blueprint("consent", __name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an app asks a person for, checked."""

    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    challenge: str

    def back(self, **answer: str) -> Response:
        """303 to the app with the answer and the state it gave."""
        told = answer | ({"state": self.state} if self.state else {})
        return redirect(f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{urlencode(told)}", 303)


def scope_words(scopes: Iterable[str]) -> list[str]:
    """What each scope lets an app do, in words."""
    return [_(WORDS[scope]) for scope in scopes]


def asked_for(values: "MultiDict[str, str]") -> Asked | Response:
    """What is asked for; or the page that says why it cannot be asked."""
    redirect_uri = values.get("redirect_uri", "")
    try:
        app = site().apps.of_client(values.get("client_id", ""))
    except OAuthError:
        return problem_page(400, _explained(_("This site does not know the app that sent you here.")))
    if redirect_uri not in app.redirect_uris:
        return problem_page(400, _explained(_("The app did not register the address it wants you to be sent back to.")))
    asked = Asked(
        app, redirect_uri, (), values.get("state", "")[:STATE_MAX_CHARACTERS], values.get("code_challenge", "")
    )
    try:
        return _checked(asked, values)
    except OAuthError as error:
        # Anybody may register an app with any address: sent on without a word, a link to this site would lead anywhere.
        return problem_page(400, _explained(str(error)))


def _checked(asked: Asked, values: "MultiDict[str, str]") -> Asked:
    if values.get("response_type", "code") != "code":
        raise OAuthError("unsupported_response_type", "The authorization server does not support this response type.")
    method = values.get("code_challenge_method", "")
    if asked.challenge and (method != "S256" or not is_challenge(asked.challenge)):
        raise OAuthError("invalid_request", "The code challenge method must be S256.")
    scopes = accepted_scopes(values.get("scope", ""))
    if not within(asked.app.scopes, scopes):
        raise OAuthError("invalid_scope", "The requested scope is invalid, unknown, or malformed.")
    return Asked(asked.app, asked.redirect_uri, scopes, asked.state, asked.challenge)


def _explained(what: str) -> Explanation:
    return Explanation(
        _("The app asked in a way that does not work"), what, _("Go back to the app, and tell the people who make it.")
    )


@blueprint.get("/oauth/authorize")
@signed_in_only
def ask(me: Viewer) -> str | Response:
    """The question whether an app may act for the person."""
    asked = asked_for(request.args)
    if isinstance(asked, Response):
        return asked
    if asked.redirect_uri != OUT_OF_BAND:
        allow_forms_to(form_target(asked.redirect_uri))
    return page("authorize.html", "authorize", me=me, asked=asked, may=scope_words(asked.scopes))


@blueprint.post("/oauth/authorize")
@signed_in_only
def answer(me: Viewer) -> str | Response:
    """What the person said: back to the app with a code or a no; without an address, the code on a page."""
    asked = asked_for(request.form)
    if isinstance(asked, Response):
        return asked
    if request.form.get("answer") != "allow":
        if asked.redirect_uri == OUT_OF_BAND:
            return redirect("/settings/apps", 303)
        return asked.back(error="access_denied", error_description="The resource owner denied the request.")
    code = site().grants.let_in(
        me, asked.app, redirect_uri=asked.redirect_uri, scopes=asked.scopes, challenge=asked.challenge
    )
    if asked.redirect_uri == OUT_OF_BAND:
        return page("authorized.html", "authorize", me=me, app=asked.app, code=code)
    return asked.back(code=code)


@blueprint.get("/settings/apps")
@signed_in_only
def apps(me: Viewer) -> str:
    """The apps that may act for the person."""
    granted = [(one, scope_words(one.scopes)) for one in site().apps.granted(me)]
    return page("apps.html", "settings-apps", me=me, granted=granted)


@blueprint.post("/settings/apps/<id:app_id>/withdraw")
@signed_in_only
def withdraw(me: Viewer, app_id: int) -> Response:
    """An app may act for the person no longer."""
    site().apps.withdraw(me, app_id)
    return redirect("/settings/apps", 303)
