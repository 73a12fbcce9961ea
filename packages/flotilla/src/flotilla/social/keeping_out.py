"""How moderators keep networks and mail domains out, and let them in again."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social.audit import Action, note
from flotilla.social.events import Kind, publish
from flotilla.social.gatekeeping import Address, Gatekeeping, mail_domain, read_address
from flotilla.social.pages import Viewer
from flotilla.social.standing import require_moderator
from flotilla.social.text import tidied
from flotilla.store import gatekeeping as gate_rows
from flotilla.store.database import Database
from flotilla.store.gatekeeping import DomainRow, NetworkRow
from flotilla.store.ids import MAX_ID

__all__ = ["BlockPage", "KeepingOut", "Severity"]

COMMENT_MAX_CHARACTERS = 300
PAGE_SIZE = 50
# All of them are held in each process's memory.
BLOCKS_MAX = 5_000
DAYS_MAX = 3_650
# A slip of the pen that would shut out a whole provider or continent.
WIDEST = {4: 8, 6: 19}
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII
)


class Severity(StrEnum):
    """What people in a blocked network cannot do: sign up, or reach the site at all."""

    SIGN_UP = "sign_up"
    ACCESS = "access"


@dataclass(frozen=True, slots=True)
class BlockPage:
    """Blocked networks and mail domains, newest first; `next_networks` and `next_domains` ask for more of each."""

    networks: tuple[NetworkRow, ...]
    domains: tuple[DomainRow, ...]
    next_networks: int | None
    next_domains: int | None


class KeepingOut:
    """Blocking networks and mail domains."""

    def __init__(self, database: Database, gatekeeping: Gatekeeping) -> None:
        self._database = database
        self._gatekeeping = gatekeeping

    def page(
        self, viewer: Viewer, *, networks_before: int | None = None, domains_before: int | None = None
    ) -> BlockPage:
        """What is blocked. Raises ForbiddenError."""
        require_moderator(viewer)
        with self._database.read() as work:
            networks = gate_rows.listed_networks(work, before=networks_before or MAX_ID, limit=PAGE_SIZE + 1)
            domains = gate_rows.listed_domains(work, before=domains_before or MAX_ID, limit=PAGE_SIZE + 1)
        return BlockPage(
            networks=tuple(networks[:PAGE_SIZE]),
            domains=tuple(domains[:PAGE_SIZE]),
            next_networks=networks[PAGE_SIZE - 1].id if len(networks) > PAGE_SIZE else None,
            next_domains=domains[PAGE_SIZE - 1].id if len(domains) > PAGE_SIZE else None,
        )

    def block_network(
        self,
        viewer: Viewer,
        network: str,
        severity: str,
        *,
        own_address: str,
        comment: str = "",
        days: int | None = None,
    ) -> None:
        """Block an address or a network, as 192.0.2.0/24, for so many days (None: until it is let in again).

        Raises ForbiddenError, InvalidInputError (fields `network`, `severity`, `days`, `comment`): among others when
        the viewer's `own_address` would be kept out.
        """
        require_moderator(viewer)
        found, problems = _network(network, read_address(own_address) if severity == Severity.ACCESS else None)
        if severity not in set(Severity):
            problems["severity"] = "Choose what is blocked."
        if days is not None and not 1 <= days <= DAYS_MAX:
            problems["days"] = f"Choose 1 to {DAYS_MAX} days, or leave it empty."
        words = _comment(comment, problems)
        with self._database.write() as work:
            if not problems and gate_rows.count_networks(work) >= BLOCKS_MAX:
                problems["network"] = f"There are {BLOCKS_MAX} blocks already; block wider networks instead."
            if problems or found is None:
                raise InvalidInputError(problems)
            expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
            gate_rows.add_network(
                work,
                network=found,
                severity=severity,
                comment=words,
                expires_at=expires_at,
                made_by=viewer.account_id,
            )
            after = {"severity": severity, "comment": words, "until": expires_at and expires_at.isoformat()}
            note(work, viewer, Action.BLOCK, found, after=after)
            publish(work, Kind.BLOCKS_CHANGED)
        self._gatekeeping.forget()

    def let_network_in(self, viewer: Viewer, block_id: int) -> None:
        """End the block of a network. Raises ForbiddenError, NotFoundError."""
        require_moderator(viewer)
        with self._database.write() as work:
            network = gate_rows.delete_network(work, block_id)
            if network is None:
                raise NotFoundError("That network is not blocked (any more).")
            note(work, viewer, Action.UNBLOCK, network)
            publish(work, Kind.BLOCKS_CHANGED)
        self._gatekeeping.forget()

    def block_mail_domain(self, viewer: Viewer, domain: str, *, comment: str = "") -> None:
        """Block a mail domain with its subdomains. Raises ForbiddenError, InvalidInputError (`domain`, `comment`)."""
        require_moderator(viewer)
        wanted, problems = mail_domain(domain.strip().rpartition("@")[2]), {}
        if not _DOMAIN.fullmatch(wanted):
            problems["domain"] = "This is not a mail domain, such as example.org."
        words = _comment(comment, problems)
        with self._database.write() as work:
            if not problems and gate_rows.count_domains(work) >= BLOCKS_MAX:
                problems["domain"] = f"There are {BLOCKS_MAX} blocked domains already."
            if problems:
                raise InvalidInputError(problems)
            gate_rows.add_domain(work, domain=wanted, comment=words, made_by=viewer.account_id)
            note(work, viewer, Action.BLOCK, f"*@{wanted}", after={"comment": words})
        self._gatekeeping.forget()

    def let_mail_domain_in(self, viewer: Viewer, block_id: int) -> None:
        """End the block of a mail domain. Raises ForbiddenError, NotFoundError."""
        require_moderator(viewer)
        with self._database.write() as work:
            domain = gate_rows.delete_domain(work, block_id)
            if domain is None:
                raise NotFoundError("That domain is not blocked (any more).")
            note(work, viewer, Action.UNBLOCK, f"*@{domain}")
        self._gatekeeping.forget()


def _network(text: str, own_address: Address | None) -> tuple[str | None, dict[str, str]]:
    try:
        found = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None, {"network": "This is not an address or a network, such as 192.0.2.7 or 2001:db8::/32."}
    mapped = getattr(found.network_address, "ipv4_mapped", None)
    if mapped is not None and found.prefixlen >= 96:
        found = ipaddress.ip_network((mapped, found.prefixlen - 96))
    if found.prefixlen < WIDEST[found.version]:
        return None, {"network": f"That is too wide: at most a /{WIDEST[found.version]}."}
    if own_address is not None and own_address in found:
        return None, {"network": "You are in this network yourself, and would lock yourself out."}
    return str(found), {}


def _comment(text: str, problems: dict[str, str]) -> str:
    words = " ".join(tidied(text).split())
    if len(words) > COMMENT_MAX_CHARACTERS:
        problems["comment"] = f"That is too long: at most {COMMENT_MAX_CHARACTERS} characters."
    return words
