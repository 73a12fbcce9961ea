"""The pages of those who look after the site: moderators under /moderation, admins under /admin."""

from flask import Blueprint

from flotilla.web.moderation import (
    announcements,
    blocks,
    invites,
    log,
    newcomers,
    people,
    reports,
    roles,
    rules,
    settings,
    statistics,
)

__all__ = ["blueprints"]


def blueprints() -> tuple[Blueprint, ...]:
    """Every blueprint of these pages."""
    modules = (announcements, blocks, invites, log, newcomers, people, reports, roles, rules, settings, statistics)
    return tuple(module.blueprint for module in modules)
