"""The HTML face: pages that work without scripts, over the rules in `flotilla.social`."""

from flask import Blueprint

from flotilla.web import (
    account_settings,
    accounts,
    assets,
    consent,
    deeds,
    health,
    media,
    recovery,
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
        media.blueprint,
        recovery.blueprint,
        security.blueprint,
        timelines.blueprint,
    )
