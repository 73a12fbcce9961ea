"""Whom somebody might want to follow."""

from flotilla.social.pages import Author, Viewer
from flotilla.store import profiles as profile_rows
from flotilla.store import relations as relation_rows
from flotilla.store import suggestions as suggestion_rows
from flotilla.store.database import Database

__all__ = ["SUGGESTED_MAX", "Suggestions"]

SUGGESTED_MAX = 20
# Some will be followed already.
CANDIDATES = 60


class Suggestions:
    """People for a viewer who does not know many here yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def people(self, viewer: Viewer, *, limit: int = SUGGESTED_MAX) -> tuple[Author, ...]:
        """People whom those follow whom the viewer follows, then people who wrote lately; not yet followed or asked.

        Nobody who blocks or is blocked or muted. Five statements, over a bounded number of rows each.
        """
        me = viewer.account_id
        with self._database.read() as work:
            known = suggestion_rows.followed_by_followed(work, account_id=me, limit=CANDIDATES)
            candidates = list(dict.fromkeys([*known, *suggestion_rows.lately_writing(work, limit=CANDIDATES)]))
            if not candidates:
                return ()
            relations = relation_rows.between(work, reader_id=me, account_ids=candidates)
            open_to = [
                row.account_id
                for row in relations
                if row.account_id != me and not (row.following or row.requested or row.muting)
            ]
            rows = profile_rows.read(work, open_to, reader_id=me, only_discoverable=True)
        return tuple(Author(*rows[account_id]) for account_id in open_to if account_id in rows)[:limit]
