"""Networks and mail domains that are kept out."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from flotilla.errors import InvalidInputError
from flotilla.social import Viewer
from flotilla.social.keeping_out import Severity
from flotilla.web.navigation import id_asked_for
from flotilla.web.rendering import page
from flotilla.web.sessions import moderators_only, site
from flotilla.web.translating import mark

__all__ = ["blueprint"]

PATH = "/moderation/blocks"
SEVERITIES = {
    Severity.SIGN_UP: mark("Nobody there can sign up"),
    Severity.ACCESS: mark("Nobody there can reach the site at all"),
}

blueprint = Blueprint("moderation_blocks", __name__, url_prefix=PATH)


def blocks_page(me: Viewer, problems: dict[str, str] | None = None) -> str:
    """What is blocked, with the forms to block more."""
    found = site().keeping_out.page(
        me, networks_before=id_asked_for("networks_before"), domains_before=id_asked_for("domains_before")
    )
    return page(
        "moderation/blocks.html",
        "moderation-blocks",
        me=me,
        found=found,
        severities=SEVERITIES,
        problems=problems or {},
        entered=request.form,
        address=request.remote_addr,
    )


@blueprint.get("")
@moderators_only
def blocks(me: Viewer) -> str:
    """What is blocked."""
    return blocks_page(me)


@blueprint.post("/networks")
@moderators_only
def block_network(me: Viewer) -> Response | tuple[str, int]:
    """Block a network."""
    form = request.form
    days = form.get("days", "").strip()
    try:
        site().keeping_out.block_network(
            me,
            form.get("network", ""),
            form.get("severity", ""),
            own_address=request.remote_addr or "",
            comment=form.get("comment", ""),
            # What is no number of days becomes one that is refused.
            days=(int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0) if days else None,
        )
    except InvalidInputError as error:
        return blocks_page(me, error.problems), 400
    return redirect(PATH, 303)


@blueprint.post("/networks/<id:block_id>/remove")
@moderators_only
def let_network_in(me: Viewer, block_id: int) -> Response:
    """Let a network in again."""
    site().keeping_out.let_network_in(me, block_id)
    return redirect(PATH, 303)


@blueprint.post("/domains")
@moderators_only
def block_mail_domain(me: Viewer) -> Response | tuple[str, int]:
    """Block a mail domain."""
    try:
        site().keeping_out.block_mail_domain(
            me, request.form.get("domain", ""), comment=request.form.get("domain_comment", "")
        )
    except InvalidInputError as error:
        problems = {"domain_comment" if field == "comment" else field: said for field, said in error.problems.items()}
        return blocks_page(me, problems), 400
    return redirect(PATH, 303)


@blueprint.post("/domains/<id:block_id>/remove")
@moderators_only
def let_mail_domain_in(me: Viewer, block_id: int) -> Response:
    """Let a mail domain in again."""
    site().keeping_out.let_mail_domain_in(me, block_id)
    return redirect(PATH, 303)
