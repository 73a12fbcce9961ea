"""The HTML face: pages that work without scripts, over the rules in `flotilla.social`.

There is no rate limit here yet: put one in front of /sign-in and /sign-up before real strangers arrive.
"""

from flask import Blueprint

from flotilla.web import accounts, assets, consent, deeds, health, media, recovery, timelines

__all__ = ["blueprints"]


def blueprints() -> tuple[Blueprint, ...]:
    """Every blueprint of this face."""
    return (
        accounts.blueprint,
        assets.blueprint,
        consent.blueprint,
        deeds.blueprint,
        health.blueprint,
        media.blueprint,
        recovery.blueprint,
        timelines.blueprint,
    )
