"""A site: every use case over one database."""

from dataclasses import dataclass

from flotilla.settings import Settings
from flotilla.social.accounts import Accounts
from flotilla.social.addresses import Addresses
from flotilla.social.announcements import Announcements
from flotilla.social.apps import Apps
from flotilla.social.audit import AuditLog
from flotilla.social.background import Background
from flotilla.social.blocks import Blocks
from flotilla.social.cards import Cards
from flotilla.social.cleanup import clean_up_regularly
from flotilla.social.conversations import Conversations
from flotilla.social.departures import Departures
from flotilla.social.directory import Directory
from flotilla.social.entrance import open_entrance
from flotilla.social.exports import Exports
from flotilla.social.feeds import HomeFeeds
from flotilla.social.follows import Follows
from flotilla.social.gatekeeping import Gatekeeping
from flotilla.social.grants import Grants
from flotilla.social.house_rules import HouseRules
from flotilla.social.keeping_out import KeepingOut
from flotilla.social.limits import Limits
from flotilla.social.lists import Lists
from flotilla.social.newcomers import Newcomers
from flotilla.social.notifications import Notifications
from flotilla.social.operator import Operator
from flotilla.social.orphans import Orphans, find_orphans
from flotilla.social.oversight import open_oversight
from flotilla.social.page_cache import PageCache
from flotilla.social.passwords import Passwords
from flotilla.social.posts import Posts
from flotilla.social.profiles import Profiles
from flotilla.social.reach import Reaches
from flotilla.social.relations import Relations
from flotilla.social.reports import Reports
from flotilla.social.resets import Resets
from flotilla.social.roles import Roles
from flotilla.social.sanctions import Sanctions
from flotilla.social.search import Search
from flotilla.social.second_factor import SecondFactor
from flotilla.social.sessions import Sessions
from flotilla.social.site_settings import SiteSettings
from flotilla.social.size import Size
from flotilla.social.statistics import Statistics
from flotilla.social.suggestions import Suggestions
from flotilla.social.tags import FollowedTags
from flotilla.social.thread_mutes import ThreadMutes
from flotilla.social.timelines import Timelines
from flotilla.social.together import Together
from flotilla.social.uploads import Uploads
from flotilla.store import pooler, schema
from flotilla.store.database import Database
from flotilla.store.files import Files
from flotilla.store.opening_files import open_files

__all__ = ["Site", "open_site"]


@dataclass(frozen=True, slots=True)
class Site:
    """The use cases a face may call. Safe to share between threads, and to open before a server forks its workers."""

    settings: Settings
    accounts: Accounts
    addresses: Addresses
    resets: Resets
    second_factor: SecondFactor
    sessions: Sessions
    newcomers: Newcomers
    limits: Limits
    exports: Exports
    departures: Departures
    posts: Posts
    conversations: Conversations
    follows: Follows
    blocks: Blocks
    relations: Relations
    lists: Lists
    search: Search
    suggestions: Suggestions
    tags: FollowedTags
    thread_mutes: ThreadMutes
    notifications: Notifications
    timelines: Timelines
    feeds: HomeFeeds
    gatekeeping: Gatekeeping
    keeping_out: KeepingOut
    reports: Reports
    sanctions: Sanctions
    roles: Roles
    operator: Operator
    audit_log: AuditLog
    house_rules: HouseRules
    announcements: Announcements
    site_settings: SiteSettings
    directory: Directory
    statistics: Statistics
    media: Uploads
    profiles: Profiles
    files: Files
    background: Background
    reaches: Reaches
    apps: Apps
    grants: Grants
    cards: Cards
    size: Size
    page_cache: PageCache
    together: Together
    database: Database

    def check(self) -> None:
        """Raise StartError unless the database answers, in the right schema version. Leaves no connection open."""
        schema.check(self.settings)
        if self.settings.pooler_url:
            pooler.check(self.settings)
        self.files.check()

    def orphans(self) -> Orphans:
        """Files of pictures that no row knows, and those that rows know and that are gone."""
        return find_orphans(self.database, self.files)

    def ready(self) -> bool:
        """Whether the database has the tables this program needs; one statement. Raises UnavailableError.

        Newer ones count: while an update goes from one machine to the next, the old program works on the new tables.
        """
        with self.database.read() as work:
            # Versions are numbers written with leading zeros.
            return schema.version(work) >= schema.SCHEMA_VERSION

    def ping(self) -> None:
        """Raise UnavailableError unless the database answers now; one statement."""
        self.database.ping()

    def close(self) -> None:
        """Give back this process's database connections."""
        self.database.close()


def open_site(settings: Settings) -> Site:
    """The site those settings describe. Connects to nothing yet: the first use case does."""
    database = Database(settings)
    background = _tidying_background(database, settings)
    files = open_files(settings)
    media = Uploads(database, settings, files, background)
    together = Together(database, settings)
    feeds, follows = HomeFeeds(database, settings, background), Follows(database, background, together)
    oversight = open_oversight(database, settings, background, files=files, media=media)
    entrance = open_entrance(database, settings, background, files=files, media=media, oversight=oversight)
    posts = Posts(database, settings, media, together)
    return Site(
        settings=settings,
        accounts=entrance.accounts,
        addresses=entrance.addresses,
        resets=entrance.resets,
        second_factor=entrance.second_factor,
        sessions=entrance.sessions,
        newcomers=entrance.newcomers,
        exports=entrance.exports,
        departures=entrance.departures,
        limits=Limits(settings),
        posts=posts,
        conversations=Conversations(database, settings, posts),
        follows=follows,
        blocks=Blocks(database),
        relations=Relations(database, settings),
        lists=Lists(database, settings),
        search=Search(database, settings),
        suggestions=Suggestions(database),
        tags=FollowedTags(database),
        thread_mutes=ThreadMutes(database),
        notifications=Notifications(database, settings, together),
        timelines=Timelines(database, settings, feeds),
        feeds=feeds,
        gatekeeping=oversight.gatekeeping,
        keeping_out=oversight.keeping_out,
        reports=oversight.reports,
        sanctions=oversight.sanctions,
        roles=oversight.roles,
        operator=Operator(database, Passwords(settings), oversight.withholding),
        audit_log=oversight.audit_log,
        house_rules=oversight.house_rules,
        announcements=oversight.announcements,
        site_settings=oversight.site_settings,
        directory=oversight.directory,
        statistics=oversight.statistics,
        media=media,
        profiles=Profiles(database, media, follows),
        files=files,
        background=background,
        reaches=Reaches(database),
        apps=Apps(database),
        grants=Grants(database),
        cards=Cards(database),
        size=Size(database),
        page_cache=PageCache(database, settings),
        together=together,
        database=database,
    )


def _tidying_background(database: Database, settings: Settings) -> Background:
    """Background work that already knows the site's regular clean-ups."""
    background = Background(database, settings)
    clean_up_regularly(background, database)
    return background
