"""How people come in and go: the use cases about accounts, made together because they lean on each other."""

from dataclasses import dataclass

from flotilla.settings import Settings
from flotilla.social.accounts import Accounts
from flotilla.social.addresses import Addresses
from flotilla.social.background import Background
from flotilla.social.departures import Departures
from flotilla.social.exports import Exports
from flotilla.social.newcomers import Newcomers
from flotilla.social.oversight import Oversight
from flotilla.social.passwords import Passwords
from flotilla.social.resets import Resets
from flotilla.social.second_factor import SecondFactor
from flotilla.social.sessions import Sessions
from flotilla.social.uploads import Uploads
from flotilla.store.database import Database
from flotilla.store.files import Files

__all__ = ["Entrance", "open_entrance"]


@dataclass(frozen=True, slots=True)
class Entrance:
    """The use cases about accounts, each as `Site` has it."""

    accounts: Accounts
    addresses: Addresses
    resets: Resets
    second_factor: SecondFactor
    sessions: Sessions
    newcomers: Newcomers
    exports: Exports
    departures: Departures


def open_entrance(
    database: Database,
    settings: Settings,
    background: Background,
    *,
    files: Files,
    media: Uploads,
    oversight: Oversight,
) -> Entrance:
    """Make them all; connects to nothing."""
    mail, passwords = oversight.mail, Passwords(settings)
    sessions = Sessions(database, settings)
    second_factor = SecondFactor(database, settings, passwords=passwords, mail=mail, background=background)
    addresses = Addresses(
        database,
        site_settings=oversight.site_settings,
        gatekeeping=oversight.gatekeeping,
        passwords=passwords,
        mail=mail,
        background=background,
    )
    exports = Exports(database, settings, files=files, background=background)
    return Entrance(
        accounts=Accounts(
            database,
            passwords=passwords,
            addresses=addresses,
            second_factor=second_factor,
            sessions=sessions,
            site_settings=oversight.site_settings,
            house_rules=oversight.house_rules,
        ),
        addresses=addresses,
        resets=Resets(database, passwords=passwords, mail=mail, background=background),
        second_factor=second_factor,
        sessions=sessions,
        newcomers=Newcomers(database, mail=mail, background=background),
        exports=exports,
        departures=Departures(
            database, settings, passwords=passwords, media=media, exports=exports, background=background
        ),
    )
