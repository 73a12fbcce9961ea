"""The second step of signing in, and the sessions that are open."""

from flask import Blueprint, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from flotilla.errors import InvalidInputError
from flotilla.social import Viewer
from flotilla.web.rendering import page
from flotilla.web.sessions import session_token, signed_in_only, site

__all__ = ["blueprint"]

QR_SCALE = 5

blueprint = Blueprint("security", __name__)


def security_page(me: Viewer, problems: dict[str, str] | None = None) -> str:
    """Whether the second step is on."""
    on, codes_left = site().second_factor.state(me)
    return page(
        "settings_security.html", "settings-security", me=me, on=on, codes_left=codes_left, problems=problems or {}
    )


def set_up_page(me: Viewer, problems: dict[str, str] | None = None) -> str:
    """The QR code that an app reads, and the field for its first code."""
    enrolment = site().second_factor.enrolment(me)
    spaced = " ".join(enrolment.secret[start : start + 4] for start in range(0, len(enrolment.secret), 4))
    return page(
        "settings_second_step.html",
        "settings-security",
        me=me,
        qr=qr_svg(enrolment.address),
        secret=spaced,
        problems=problems or {},
    )


def codes_page(me: Viewer, codes: tuple[str, ...]) -> str:
    """The recovery codes, this once."""
    spaced = ["-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in codes]
    return page("settings_codes.html", "settings-security", me=me, codes=spaced)


def qr_svg(text: str) -> Markup:
    """A QR code as SVG without styles or scripts, dark on white whatever the page's colours are."""
    import segno

    svg = segno.make(text, error="m").svg_inline(scale=QR_SCALE, dark="#000", light="#fff")
    return Markup(svg)  # noqa: S704 (lines and numbers; the text is in their pattern only)


@blueprint.get("/settings/security")
@signed_in_only
def security(me: Viewer) -> str:
    """Whether the second step is on."""
    return security_page(me)


@blueprint.post("/settings/security/begin")
@signed_in_only
def begin(me: Viewer) -> str | Response | tuple[str, int]:
    """Begin to switch the second step on."""
    site().limits.password(me.account_id)
    try:
        site().second_factor.begin(me, password=request.form.get("password", ""))
    except InvalidInputError as error:
        return security_page(me, error.problems), 400
    return redirect("/settings/security/app", 303)


@blueprint.get("/settings/security/app")
@signed_in_only
def set_up(me: Viewer) -> str:
    """What the app has to be told."""
    return set_up_page(me)


@blueprint.post("/settings/security/app")
@signed_in_only
def switch_on(me: Viewer) -> str | tuple[str, int]:
    """Switch the second step on with the app's first code."""
    site().limits.password(me.account_id)
    try:
        return codes_page(me, site().second_factor.switch_on(me, code=request.form.get("code", "")))
    except InvalidInputError as error:
        return set_up_page(me, error.problems), 400


@blueprint.post("/settings/security/codes")
@signed_in_only
def renew_codes(me: Viewer) -> str | tuple[str, int]:
    """New recovery codes."""
    site().limits.password(me.account_id)
    try:
        return codes_page(me, site().second_factor.renew_codes(me, password=request.form.get("password", "")))
    except InvalidInputError as error:
        return security_page(me, error.problems), 400


@blueprint.post("/settings/security/off")
@signed_in_only
def switch_off(me: Viewer) -> str | Response | tuple[str, int]:
    """Switch the second step off."""
    site().limits.password(me.account_id)
    try:
        site().second_factor.switch_off(me, password=request.form.get("password", ""))
    except InvalidInputError as error:
        return security_page(me, error.problems), 400
    return redirect("/settings/security", 303)


@blueprint.get("/settings/sessions")
@signed_in_only
def sessions(me: Viewer) -> str:
    """The open sessions."""
    return page("settings_sessions.html", "settings-sessions", me=me, sessions=site().sessions.of(me, session_token()))


@blueprint.post("/settings/sessions/end")
@signed_in_only
def end_session(me: Viewer) -> Response:
    """End one session."""
    site().sessions.end(me, request.form.get("session", ""))
    return redirect("/settings/sessions", 303)


@blueprint.post("/settings/sessions/end-others")
@signed_in_only
def end_others(me: Viewer) -> Response:
    """End every session but this one."""
    site().sessions.end_others(me, session_token())
    return redirect("/settings/sessions", 303)
