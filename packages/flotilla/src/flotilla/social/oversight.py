"""How the site is looked after: the use cases of moderators and admins, made together, and what others ask of them."""

from dataclasses import dataclass

from flotilla.settings import Settings
from flotilla.social.announcements import Announcements
from flotilla.social.audit import AuditLog
from flotilla.social.background import Background
from flotilla.social.correspondence import Correspondence
from flotilla.social.decisions import Decisions
from flotilla.social.directory import Directory
from flotilla.social.gatekeeping import Gatekeeping
from flotilla.social.house_rules import HouseRules
from flotilla.social.keeping_out import KeepingOut
from flotilla.social.reports import Reports
from flotilla.social.roles import Roles
from flotilla.social.sanctions import Sanctions
from flotilla.social.site_settings import SiteSettings
from flotilla.social.statistics import Statistics
from flotilla.social.uploads import Uploads
from flotilla.social.withholding import Withholding
from flotilla.store.database import Database
from flotilla.store.files import Files

__all__ = ["Oversight", "open_oversight"]


@dataclass(frozen=True, slots=True)
class Oversight:
    """The use cases of those who look after the site, each as `Site` has it."""

    mail: Correspondence
    gatekeeping: Gatekeeping
    keeping_out: KeepingOut
    reports: Reports
    sanctions: Sanctions
    withholding: Withholding
    roles: Roles
    audit_log: AuditLog
    house_rules: HouseRules
    announcements: Announcements
    site_settings: SiteSettings
    directory: Directory
    statistics: Statistics


def open_oversight(
    database: Database, settings: Settings, background: Background, *, files: Files, media: Uploads
) -> Oversight:
    """Make them all; connects to nothing."""
    gatekeeping = Gatekeeping(database)
    withholding = Withholding(database, files, background)
    site_settings = SiteSettings(database, settings)
    mail = Correspondence(settings, site_settings)
    decisions = Decisions(database, mail=mail, background=background)
    return Oversight(
        mail=mail,
        gatekeeping=gatekeeping,
        keeping_out=KeepingOut(database, gatekeeping),
        reports=Reports(database),
        sanctions=Sanctions(database, media, decisions, withholding),
        withholding=withholding,
        roles=Roles(database),
        audit_log=AuditLog(database),
        house_rules=HouseRules(database),
        announcements=Announcements(database),
        site_settings=site_settings,
        directory=Directory(database),
        statistics=Statistics(database, background),
    )
