"""The HTML face: pages that work without scripts, over the rules in `flotilla.social`."""

from flask import Blueprint

from flotilla.web import (
    account_settings,
    accounts,
    assets,
    consent,
    deeds,
    health,
    lists,
    media,
    notifications,
    people,
    recovery,
    search,
    security,
    timelines,
)

__all__ = ["blueprints"]


def blueprints() -> tuple[Blueprint, ...]:
    """Every blueprint of this face."""
    return (
        account_settings.blueprint,
        accounts.blueprint,
        assets.blueprint,
        consent.blueprint,
        deeds.blueprint,
        health.blueprint,
        lists.blueprint,
        media.blueprint,
        notifications.blueprint,
        people.blueprint,
        recovery.blueprint,
        search.blueprint,
        security.blueprint,
        timelines.blueprint,
    )
