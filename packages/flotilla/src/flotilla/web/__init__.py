"""The HTML face: pages that work without scripts, over the rules in `flotilla.social`."""

from flask import Blueprint

from flotilla.web import (
    about,
    account_settings,
    accounts,
    assets,
    composing,
    consent,
    conversations,
    deeds,
    health,
    leaving,
    lists,
    media,
    metrics,
    moderation,
    notifications,
    people,
    posts,
    profiles,
    recovery,
    reporting,
    search,
    security,
    timelines,
)

__all__ = ["blueprints"]


def blueprints() -> tuple[Blueprint, ...]:
    """Every blueprint of this face."""
    return (
        account_settings.blueprint,
        about.blueprint,
        accounts.blueprint,
        assets.blueprint,
        composing.blueprint,
        consent.blueprint,
        conversations.blueprint,
        deeds.blueprint,
        health.blueprint,
        leaving.blueprint,
        lists.blueprint,
        media.blueprint,
        metrics.blueprint,
        notifications.blueprint,
        people.blueprint,
        posts.blueprint,
        profiles.blueprint,
        recovery.blueprint,
        search.blueprint,
        security.blueprint,
        reporting.blueprint,
        timelines.blueprint,
        *moderation.blueprints(),
    )
