"""Which conversation a direct post belongs to: that of everyone who may read it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

__all__ = ["MembersOf", "conversation_of"]


@dataclass(frozen=True, slots=True)
class MembersOf:
    """A conversation's id and its members, in the order of their ids."""

    id: int
    member_ids: tuple[int, ...]


def conversation_of(account_ids: Iterable[int]) -> MembersOf:
    """The conversation of exactly these people. Its id is a digest of theirs, so nobody has to look one up or make one.

    Should two sets of people ever have the same digest (63 bits), someone in both would find them in one place; nobody
    would see a post that is not theirs, because each member has a list of their own.
    """
    members = tuple(sorted(set(account_ids)))
    digest = blake2b(b"".join(member.to_bytes(8, "big") for member in members), digest_size=8).digest()
    return MembersOf(int.from_bytes(digest, "big") >> 1 or 1, members)
