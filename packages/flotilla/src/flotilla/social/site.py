"""A site: every use case over one database."""

from dataclasses import dataclass

from flotilla.settings import Settings
from flotilla.social.accounts import Accounts
from flotilla.social.background import Background
from flotilla.social.blocks import Blocks
from flotilla.social.cleanup import clean_up_regularly
from flotilla.social.conversations import Conversations
from flotilla.social.follows import Follows
from flotilla.social.gatekeeping import Gatekeeping
from flotilla.social.notifications import Notifications
from flotilla.social.posts import Posts
from flotilla.social.timelines import Timelines
from flotilla.store import schema
from flotilla.store.database import Database

__all__ = ["Site", "open_site"]


@dataclass(frozen=True, slots=True)
class Site:
    """The use cases a face may call. Safe to share between threads, and to open before a server forks its workers."""

    settings: Settings
    accounts: Accounts
    posts: Posts
    conversations: Conversations
    follows: Follows
    blocks: Blocks
    notifications: Notifications
    timelines: Timelines
    gatekeeping: Gatekeeping
    background: Background
    database: Database

    def check(self) -> None:
        """Raise StartError unless the database answers, in the right schema version. Leaves no connection open."""
        schema.check(self.settings)

    def ping(self) -> None:
        """Raise UnavailableError unless the database answers now; one statement."""
        self.database.ping()

    def close(self) -> None:
        """Give back this process's database connections."""
        self.database.close()


def open_site(settings: Settings) -> Site:
    """The site those settings describe. Connects to nothing yet: the first use case does."""
    database = Database(settings)
    background = Background(database, settings)
    clean_up_regularly(background, database)
    return Site(
        settings=settings,
        accounts=Accounts(database, settings),
        posts=Posts(database, settings),
        conversations=Conversations(database, settings),
        follows=Follows(database),
        blocks=Blocks(database),
        notifications=Notifications(database, settings),
        timelines=Timelines(database, settings),
        gatekeeping=Gatekeeping(database),
        background=background,
        database=database,
    )
