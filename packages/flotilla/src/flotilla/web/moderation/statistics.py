"""What the site comes to, day by day."""

from flask import Blueprint

from flotilla.social import Viewer
from flotilla.social.statistics import COUNTED_MAX
from flotilla.web.rendering import page
from flotilla.web.sessions import moderators_only, site

__all__ = ["blueprint"]

blueprint = Blueprint("moderation_statistics", __name__, url_prefix="/moderation")


@blueprint.get("/statistics")
@moderators_only
def statistics(me: Viewer) -> str:
    """The last days."""
    overview = site().statistics.overview(me)
    return page(
        "moderation/statistics.html", "moderation-statistics", me=me, overview=overview, counted_max=COUNTED_MAX
    )
