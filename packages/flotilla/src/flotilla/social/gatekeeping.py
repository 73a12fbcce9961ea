"""Who is kept out: networks and mail domains that moderators blocked, looked up in memory."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from flotilla.social.keeping import KeptFor
from flotilla.store import gatekeeping as gate_rows
from flotilla.store.database import Database

__all__ = ["Gatekeeping", "Networks", "mail_domain", "read_address"]

# So long may a new block, or the end of one, take to reach the other processes.
BLOCKS_KEPT_S = 20.0

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Networks:
    """A set of networks that knows in a handful of look-ups, however many they are, whether an address is in one."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._by_length: dict[tuple[int, int], set[int]] = {}
        for text in networks:
            network = ipaddress.ip_network(text)
            length = network.prefixlen
            start = int(network.network_address) >> network.max_prefixlen - length
            self._by_length.setdefault((network.version, length), set()).add(start)

    def __contains__(self, address: str) -> bool:
        found = read_address(address) if self._by_length else None
        if found is None:
            return False
        number, version, width = int(found), found.version, found.max_prefixlen
        return any(
            wanted == version and number >> width - length in starts
            for (wanted, length), starts in self._by_length.items()
        )


@dataclass(frozen=True, slots=True)
class _Blocks:
    no_access: Networks
    no_sign_up: Networks
    mail_domains: frozenset[str]


class Gatekeeping:
    """Whether somebody may come in. Costs no statement but one in `BLOCKS_KEPT_S` seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocks = KeptFor(BLOCKS_KEPT_S, self._read_blocks)

    def may_visit(self, address: str) -> bool:
        """Whether requests from that IP address are answered at all; what is no IP address is."""
        return address not in self._blocks.get().no_access

    def may_sign_up(self, address: str, email: str = "") -> bool:
        """Whether somebody with that IP address and, if given, that mail address may make an account."""
        blocks = self._blocks.get()
        if address in blocks.no_access or address in blocks.no_sign_up:
            return False
        return self.may_have_mail_at(email)

    def may_have_mail_at(self, email: str) -> bool:
        """Whether people here may have that mail address: neither its domain nor one above it is blocked."""
        domains, labels = self._blocks.get().mail_domains, mail_domain(email.rpartition("@")[2]).split(".")
        return not any(".".join(labels[start:]) in domains for start in range(len(labels)))

    def forget(self) -> None:
        """Read the blocks anew at the next question: they were just changed here."""
        self._blocks.forget()

    def _read_blocks(self) -> _Blocks:
        with self._database.read() as work:
            networks, domains = gate_rows.networks_in_force(work), gate_rows.domains(work)
        return _Blocks(
            no_access=Networks(network for network, severity in networks if severity == "access"),
            no_sign_up=Networks(network for network, severity in networks if severity == "sign_up"),
            mail_domains=frozenset(domains),
        )


def mail_domain(text: str) -> str:
    """A domain in its one spelling: lower case, without a last dot, other scripts as DNS writes them."""
    domain = text.strip().rstrip(".").lower()
    try:
        return domain.encode("idna").decode() if not domain.isascii() else domain
    except UnicodeError:
        return domain


def read_address(text: str) -> Address | None:
    """The IP address that a text is, IPv4 in IPv6 clothes as IPv4; None when it is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # A server that listens on both kinds sees IPv4 addresses as ::ffff:192.0.2.1.
    return getattr(address, "ipv4_mapped", None) or address
