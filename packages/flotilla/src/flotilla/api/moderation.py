"""What people tell the moderators, and what those who run the site tell everyone."""

from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import Struct, field

from flotilla.api.calls import Call, IdParameter, OfId
from flotilla.api.endpoints import Endpoints, Nothing
from flotilla.api.entities import Account, Id, Moment
from flotilla.api.shaping import moment, text_html
from flotilla.errors import NotFoundError
from flotilla.social import parse

__all__ = ["endpoints"]

endpoints = Endpoints()

Category = Literal["spam", "legal", "violation", "other"]


class NewReport(Struct, kw_only=True):
    """Whom to report, and why; naming a rule makes it a violation."""

    account_id: IdParameter
    status_ids: list[IdParameter] = field(default_factory=list)
    comment: str = ""
    forward: bool = False
    category: Category = "other"
    rule_ids: list[IdParameter] = field(default_factory=list)


class Report(Struct, kw_only=True):
    """A report just made."""

    id: Id
    action_taken: bool = False
    action_taken_at: Moment | None = None
    category: Category
    comment: str
    forwarded: bool = False
    created_at: Moment
    status_ids: list[Id]
    rule_ids: list[Id]
    target_account: Account


class Announcement(Struct, kw_only=True):
    """What those who run the site tell everyone; `content` is HTML."""

    id: Id
    content: str
    starts_at: Moment | None
    ends_at: Moment | None
    all_day: bool = False
    published: bool = True
    published_at: Moment
    updated_at: Moment
    read: bool = False
    mentions: list[Any] = field(default_factory=list)
    statuses: list[Any] = field(default_factory=list)
    tags: list[Any] = field(default_factory=list)
    emojis: list[Any] = field(default_factory=list)
    reactions: list[Any] = field(default_factory=list)


class WhichAnnouncements(Struct, kw_only=True):
    """Whether those that were put away are asked for too; they are not shown any more."""

    with_dismissed: bool = False


@endpoints.add("POST", "/api/v1/reports", "write:reports")
def report(call: Call, given: NewReport) -> Report:
    """Report a person to the moderators."""
    found = call.site.cards.of([given.account_id]).get(given.account_id)
    if found is None:
        raise NotFoundError("There is nobody with this id.")
    category: Category = "violation" if given.rule_ids else given.category
    report_id = call.site.reports.make(
        call.me,
        found.handle,
        category=category,
        comment=given.comment,
        post_ids=given.status_ids,
        rule_ids=given.rule_ids,
    )
    return Report(
        id=str(report_id),
        category=category,
        comment=given.comment,
        created_at=moment(datetime.now(UTC)),
        status_ids=[str(one) for one in given.status_ids],
        rule_ids=[str(one) for one in given.rule_ids],
        target_account=call.shaper.shown(found),
    )


@endpoints.add("GET", "/api/v1/announcements", "read:accounts")
def announcements(call: Call, given: WhichAnnouncements) -> list[Announcement]:  # noqa: ARG001 (apps may say so)
    """What those who run the site tell everyone now."""
    return [
        Announcement(
            id=str(one.id),
            content=text_html(parse(one.text), call.addresses),
            starts_at=moment(one.starts_at),
            ends_at=None if one.ends_at is None else moment(one.ends_at),
            published_at=moment(one.starts_at),
            updated_at=moment(one.starts_at),
        )
        for one in call.site.announcements.shown_to(call.me)
    ]


@endpoints.add("POST", "/api/v1/announcements/<id>/dismiss", "write:accounts")
def dismiss(call: Call, given: OfId) -> Nothing:
    """Put an announcement away, for oneself."""
    call.site.announcements.dismiss(call.me, given.id)
    return Nothing()
