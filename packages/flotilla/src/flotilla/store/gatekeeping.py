"""Rows of networks and mail domains that are kept out."""

from flotilla.store.database import Work

__all__ = ["domains", "networks_in_force"]


def networks_in_force(work: Work) -> list[tuple[str, str]]:
    """Every network that is blocked now, as `192.0.2.0/24`, with `access` or `sign_up`: what is refused."""
    rows = work.all("SELECT network::text, severity FROM g.ip_block WHERE expires_at IS NULL OR expires_at > now()", {})
    return [(network, severity) for network, severity in rows]


def domains(work: Work) -> list[str]:
    """Every mail domain that is blocked."""
    return [domain for (domain,) in work.all("SELECT domain FROM g.mail_domain_block", {})]
