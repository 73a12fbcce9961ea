"""What apps ask for as a matter of course and this site does not have: lists with nothing in them.

An app that is told 404 shows its person an error; one that is told "none" goes on.
"""

from typing import Any

from msgspec import Struct

from flotilla.api.calls import Call
from flotilla.api.endpoints import Endpoints, Who
from flotilla.api.entities import Moment
from flotilla.api.shaping import text_html
from flotilla.social import parse

__all__ = ["endpoints"]

endpoints = Endpoints()


@endpoints.add("GET", "/api/v1/filters", "read:filters")
def filters_v1(_call: Call) -> list[dict[str, Any]]:
    """Words to be hidden: none."""
    return []


@endpoints.add("GET", "/api/v2/filters", "read:filters")
def filters(_call: Call) -> list[dict[str, Any]]:
    """Words to be hidden: none."""
    return []


@endpoints.add("GET", "/api/v1/endorsements", "read:accounts")
def endorsements(_call: Call) -> list[dict[str, Any]]:
    """People recommended on one's page: none."""
    return []


@endpoints.add("GET", "/api/v1/featured_tags", "read:accounts")
def featured_tags(_call: Call) -> list[dict[str, Any]]:
    """Hashtags shown on one's page: none."""
    return []


@endpoints.add("GET", "/api/v1/scheduled_statuses", "read:statuses")
def scheduled_statuses(_call: Call) -> list[dict[str, Any]]:
    """Posts for later: none."""
    return []


@endpoints.add("GET", "/api/v1/domain_blocks", "read:blocks")
def domain_blocks(_call: Call) -> list[str]:
    """Other sites one blocks: none."""
    return []


@endpoints.add("GET", "/api/v1/trends/tags", "read:statuses", who=Who.ANYONE)
def trending_tags(_call: Call) -> list[dict[str, Any]]:
    """Hashtags of the hour: the site ranks nothing."""
    return []


@endpoints.add("GET", "/api/v1/trends/statuses", "read:statuses", who=Who.ANYONE)
def trending_statuses(_call: Call) -> list[dict[str, Any]]:
    """Posts of the hour: the site ranks nothing."""
    return []


@endpoints.add("GET", "/api/v1/trends/links", "read:statuses", who=Who.ANYONE)
def trending_links(_call: Call) -> list[dict[str, Any]]:
    """Links of the hour: the site ranks nothing."""
    return []


class Description(Struct, kw_only=True):
    """What the site says about itself at length; `content` is HTML."""

    updated_at: Moment
    content: str


@endpoints.add("GET", "/api/v1/instance/extended_description")
def extended_description(call: Call) -> Description:
    """What the site says about itself."""
    text = call.site.site_settings.now().site_description
    return Description(updated_at="1970-01-01T00:00:00.000Z", content=text_html(parse(text), call.addresses))
