"""Where one can go on this site: what the navigation lists, as far as this build has the page."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask

from flotilla.web.translating import mark

__all__ = ["Place", "Places", "places_of"]


@dataclass(frozen=True, slots=True)
class Place:
    """One link of a navigation. `page` is the page's name (`data-page`); `badge` what is counted unread there."""

    path: str
    label: str
    icon: str = ""
    page: str = ""
    badge: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """The navigations of the site, their labels in one language.

    `bar` is what a phone keeps at hand; `hold` comes after it; `settings` and `moderation` end the list of a member and
    of a moderator; `*_pages` are the pages inside those two, `admin_pages` what admins have besides; `foot` stands
    below every page.
    """

    bar: tuple[Place, ...]
    hold: tuple[Place, ...]
    settings: tuple[Place, ...]
    moderation: tuple[Place, ...]
    settings_pages: tuple[Place, ...]
    moderation_pages: tuple[Place, ...]
    admin_pages: tuple[Place, ...]
    foot: tuple[Place, ...]


BAR = (
    Place("/home", mark("Home"), "home", "home"),
    Place("/search", mark("Search"), "search", "search"),
    Place("/notifications", mark("Notifications"), "bell", "notifications", "notifications"),
    Place("/messages", mark("Messages"), "mail", "messages", "messages"),
)
HOLD = (
    Place("/public", mark("Everyone"), "everyone", "public"),
    Place("/bookmarks", mark("Bookmarks"), "bookmark", "bookmarks"),
    Place("/lists", mark("Lists"), "list", "lists"),
    Place("/people", mark("People to follow"), "person", "suggestions"),
)
SETTINGS = (Place("/settings", mark("Settings"), "settings", "settings"),)
MODERATION = (*SETTINGS, Place("/moderation", mark("Moderation"), "shield", "moderation"))
SETTINGS_PAGES = (
    Place("/settings/profile", mark("Profile"), page="settings-profile"),
    Place("/settings/account", mark("Account"), page="settings-account"),
    Place("/settings/security", mark("Security"), page="settings-security"),
    Place("/settings/sessions", mark("Sessions"), page="settings-sessions"),
    Place("/settings/apps", mark("Apps"), page="settings-apps"),
    Place("/settings/invites", mark("Invitations"), page="settings-invites"),
    Place("/follow-requests", mark("Follow requests"), page="follow-requests"),
    Place("/muted", mark("Muted"), page="muted"),
    Place("/blocked", mark("Blocked"), page="blocked"),
    Place("/settings/export", mark("Export"), page="settings-export"),
)
MODERATION_PAGES = (
    Place("/moderation/reports", mark("Reports"), page="moderation-reports"),
    Place("/moderation/accounts", mark("People"), page="moderation-accounts"),
    Place("/moderation/waiting", mark("Newcomers"), page="moderation-waiting"),
    Place("/moderation/blocks", mark("Blocks"), page="moderation-blocks"),
    Place("/moderation/log", mark("Log"), page="moderation-log"),
    Place("/moderation/statistics", mark("Statistics"), page="moderation-statistics"),
)
ADMIN_PAGES = (
    Place("/admin/rules", mark("Rules"), page="moderation-rules"),
    Place("/admin/announcements", mark("Announcements"), page="moderation-announcements"),
    Place("/admin/roles", mark("Roles"), page="moderation-roles"),
    Place("/admin/invites", mark("Invitations"), page="moderation-invites"),
    Place("/admin/settings", mark("Site settings"), page="moderation-settings"),
)
FOOT = (
    Place("/about", mark("About this place")),
    Place("/rules", mark("Rules")),
)


def places_of(app: Flask, translated: Callable[[str], str]) -> Places:
    """The places whose pages `app` serves, in one language; called when every route is there."""
    served = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}

    def present(places: tuple[Place, ...]) -> tuple[Place, ...]:
        return tuple(
            Place(place.path, translated(place.label), place.icon, place.page, place.badge)
            for place in places
            if place.path in served
        )

    every = (BAR, HOLD, SETTINGS, MODERATION, SETTINGS_PAGES, MODERATION_PAGES, ADMIN_PAGES, FOOT)
    return Places(*map(present, every))
