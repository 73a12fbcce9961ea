"""Rows of networks and mail domains that are kept out."""

from dataclasses import dataclass
from datetime import datetime

from flotilla.store.database import Work

__all__ = [
    "DomainRow",
    "NetworkRow",
    "add_domain",
    "add_network",
    "count_domains",
    "count_networks",
    "delete_domain",
    "delete_network",
    "domains",
    "listed_domains",
    "listed_networks",
    "networks_in_force",
]


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """A blocked network; `severity` is what is refused: access, or sign_up only. `made_by` is a handle."""

    id: int
    network: str
    severity: str
    comment: str
    expires_at: datetime | None
    made_by: str


@dataclass(frozen=True, slots=True)
class DomainRow:
    """A blocked mail domain; `made_by` is a handle."""

    id: int
    domain: str
    comment: str
    made_by: str


def networks_in_force(work: Work) -> list[tuple[str, str]]:
    """Every network that is blocked now, as `192.0.2.0/24`, with `access` or `sign_up`: what is refused."""
    rows = work.all("SELECT network::text, severity FROM g.ip_block WHERE expires_at IS NULL OR expires_at > now()", {})
    return [(network, severity) for network, severity in rows]


def domains(work: Work) -> list[str]:
    """Every mail domain that is blocked."""
    return [domain for (domain,) in work.all("SELECT domain FROM g.mail_domain_block", {})]


def listed_networks(work: Work, *, before: int, limit: int) -> list[NetworkRow]:
    """The newest blocked networks before `before`."""
    rows = work.all(
        """
        SELECT b.id, b.network::text, b.severity, b.comment, b.expires_at, coalesce(a.handle, '')
        FROM g.ip_block b LEFT JOIN g.account a ON a.id = b.made_by
        WHERE b.id < %(before)s ORDER BY b.id DESC LIMIT %(limit)s
        """,
        {"before": before, "limit": limit},
    )
    return [NetworkRow(*row) for row in rows]


def listed_domains(work: Work, *, before: int, limit: int) -> list[DomainRow]:
    """The newest blocked mail domains before `before`."""
    rows = work.all(
        """
        SELECT b.id, b.domain, b.comment, coalesce(a.handle, '')
        FROM g.mail_domain_block b LEFT JOIN g.account a ON a.id = b.made_by
        WHERE b.id < %(before)s ORDER BY b.id DESC LIMIT %(limit)s
        """,
        {"before": before, "limit": limit},
    )
    return [DomainRow(*row) for row in rows]


def count_networks(work: Work) -> int:
    """How many networks are blocked; there is a most."""
    row = work.one("SELECT count(*) FROM g.ip_block", {})
    return 0 if row is None else row[0]


def count_domains(work: Work) -> int:
    """How many mail domains are blocked; there is a most."""
    row = work.one("SELECT count(*) FROM g.mail_domain_block", {})
    return 0 if row is None else row[0]


def add_network(
    work: Work, *, network: str, severity: str, comment: str, expires_at: datetime | None, made_by: int
) -> None:
    """Block a network, or change how it is blocked."""
    work.count(
        """
        INSERT INTO g.ip_block (network, severity, comment, expires_at, made_by)
        VALUES (%(network)s::cidr, %(severity)s, %(comment)s, %(expires_at)s, %(made_by)s)
        ON CONFLICT (network) DO UPDATE SET severity = excluded.severity, comment = excluded.comment,
            expires_at = excluded.expires_at, made_by = excluded.made_by, made_at = now()
        """,
        {
            "network": network,
            "severity": severity,
            "comment": comment,
            "expires_at": expires_at,
            "made_by": made_by,
        },
    )


def add_domain(work: Work, *, domain: str, comment: str, made_by: int) -> None:
    """Block a mail domain, or change the comment."""
    work.count(
        """
        INSERT INTO g.mail_domain_block (domain, comment, made_by) VALUES (%(domain)s, %(comment)s, %(made_by)s)
        ON CONFLICT (domain) DO UPDATE SET comment = excluded.comment, made_by = excluded.made_by, made_at = now()
        """,
        {"domain": domain, "comment": comment, "made_by": made_by},
    )


def delete_network(work: Work, block_id: int) -> str | None:
    """Let a network in again; which one, None when it was not blocked."""
    row = work.one("DELETE FROM g.ip_block WHERE id = %(id)s RETURNING network::text", {"id": block_id})
    return None if row is None else row[0]


def delete_domain(work: Work, block_id: int) -> str | None:
    """Let a mail domain in again; which one, None when it was not blocked."""
    row = work.one("DELETE FROM g.mail_domain_block WHERE id = %(id)s RETURNING domain", {"id": block_id})
    return None if row is None else row[0]
