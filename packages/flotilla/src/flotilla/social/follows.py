"""Following people, or asking to, when they want to be asked."""

from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError
from flotilla.social.background import Background, Task
from flotilla.social.events import Kind, publish
from flotilla.social.notifying import NotificationKind, forget_between, take_back, tell, today
from flotilla.social.pages import Viewer
from flotilla.social.people import NOBODY, Who, id_of, other_than
from flotilla.social.together import FOLLOWING_MAX, Together
from flotilla.store import accounts as account_rows
from flotilla.store import blocks as block_rows
from flotilla.store import follows as follow_rows
from flotilla.store import people as people_rows
from flotilla.store import relations as relation_rows
from flotilla.store import requests as request_rows
from flotilla.store.database import Database, Work
from flotilla.store.ids import MAX_ID

__all__ = ["FOLLOWING_MAX", "Follows", "end_between"]

LET_IN_AT_ONCE = 50
LET_IN = Task("let_in")


class Follows:
    """Who follows whom. A person is named by handle or by id."""

    def __init__(self, database: Database, background: Background, together: Together) -> None:
        self._database = database
        self._together = together
        self._background = background
        background.does(LET_IN, self._let_all_in)

    def follow(self, viewer: Viewer, who: Who, *, show_reposts: bool | None = None) -> None:
        """Follow a person, once however often; whoever is locked is asked instead.

        `show_reposts`: whether one's home shows what they repost; None leaves it as it is (at first: shown). Raises
        NotFoundError, ForbiddenError (one blocks them), InvalidInputError (field `handle`: oneself, or too many).
        """
        if self._together.follow(viewer.account_id, who, show_reposts=show_reposts):
            return
        with self._database.write(hides=show_reposts is False) as work:
            target_id = other_than(work, viewer, who, refusal="Nobody can follow themselves.")
            counts = people_rows.lock(work, (viewer.account_id, target_id))
            if follow_rows.exists(work, follower_id=viewer.account_id, followee_id=target_id):
                if show_reposts is not None:
                    follow_rows.show_reposts(
                        work, follower_id=viewer.account_id, followee_id=target_id, wanted=show_reposts
                    )
                    publish(work, Kind.CIRCLE_CHANGED, account_ids=[viewer.account_id])
                return
            _refuse_unless_open(work, viewer, target_id)
            if counts.get(viewer.account_id, 0) >= FOLLOWING_MAX:
                raise InvalidInputError({"handle": f"Nobody can follow more than {FOLLOWING_MAX} people."})
            if account_rows.is_locked(work, target_id):
                if request_rows.insert(work, requester_id=viewer.account_id, target_id=target_id):
                    tell(work, NotificationKind.REQUEST, [target_id], actor_id=viewer.account_id, target=0)
                return
            # From before the account was unlocked, when whoever lets the others in has not come to it yet.
            _end_request(work, requester_id=viewer.account_id, target_id=target_id)
            follow_rows.insert(
                work, follower_id=viewer.account_id, followee_id=target_id, show_reposts=show_reposts is not False
            )
            tell(work, NotificationKind.FOLLOW, [target_id], actor_id=viewer.account_id, target=today())
            publish(work, Kind.CIRCLE_CHANGED, account_ids=[viewer.account_id])

    def unfollow(self, viewer: Viewer, who: Who) -> None:
        """Stop following a person, or take the request back, if there was either. Raises NotFoundError."""
        with self._database.write() as work:
            target_id = id_of(work, who)
            people_rows.lock(work, (viewer.account_id, target_id))
            if follow_rows.delete(work, follower_id=viewer.account_id, followee_id=target_id):
                take_back(work, NotificationKind.FOLLOW, target_id, actor_id=viewer.account_id)
                publish(work, Kind.CIRCLE_CHANGED, account_ids=[viewer.account_id])
            _end_request(work, requester_id=viewer.account_id, target_id=target_id)

    def remove_follower(self, viewer: Viewer, who: Who) -> None:
        """Make a person stop following the viewer, if they did. Raises NotFoundError."""
        with self._database.write() as work:
            follower_id = id_of(work, who)
            people_rows.lock(work, (viewer.account_id, follower_id))
            if follow_rows.delete(work, follower_id=follower_id, followee_id=viewer.account_id):
                take_back(work, NotificationKind.FOLLOW, viewer.account_id, actor_id=follower_id)
                publish(work, Kind.CIRCLE_CHANGED, account_ids=[follower_id])

    def authorize(self, viewer: Viewer, who: Who) -> None:
        """Let a person follow who asked to. Raises NotFoundError when they did not, or no longer."""
        with self._database.write() as work:
            requester_id = id_of(work, who)
            people_rows.lock(work, (viewer.account_id, requester_id))
            if _end_request(work, requester_id=requester_id, target_id=viewer.account_id):
                follow_rows.insert(work, follower_id=requester_id, followee_id=viewer.account_id)
                publish(work, Kind.CIRCLE_CHANGED, account_ids=[requester_id])
            elif not follow_rows.exists(work, follower_id=requester_id, followee_id=viewer.account_id):
                raise NotFoundError("This person does not ask to follow you any more.")

    def reject(self, viewer: Viewer, who: Who) -> None:
        """Do not let a person follow who asked to; they are not told. Raises NotFoundError (no such person)."""
        with self._database.write() as work:
            requester_id = id_of(work, who)
            people_rows.lock(work, (viewer.account_id, requester_id))
            _end_request(work, requester_id=requester_id, target_id=viewer.account_id)

    def set_locked(self, viewer: Viewer, *, locked: bool) -> None:
        """Whether people have to ask before they follow the viewer. Without, those who wait follow from now on."""
        with self._database.write() as work:
            people_rows.lock(work, (viewer.account_id,))
            account_rows.set_locked(work, viewer.account_id, locked=locked)
            if not locked and relation_rows.page(
                work, "requests", account_id=viewer.account_id, before=MAX_ID, limit=1
            ):
                self._background.later(work, LET_IN, account_id=viewer.account_id)

    def _let_all_in(self, account_id: int) -> None:
        while self._let_in(account_id):
            pass

    def _let_in(self, account_id: int) -> bool:
        """Let some of those who wait follow, unless the account is locked again; whether more may wait."""
        with self._database.write() as work:
            waiting = relation_rows.page(work, "requests", account_id=account_id, before=MAX_ID, limit=LET_IN_AT_ONCE)
            people_rows.lock(work, (account_id, *waiting))
            if account_rows.is_locked(work, account_id):
                return False
            for requester_id in waiting:
                if _end_request(work, requester_id=requester_id, target_id=account_id):
                    follow_rows.insert(work, follower_id=requester_id, followee_id=account_id)
            if waiting:
                publish(work, Kind.CIRCLE_CHANGED, account_ids=waiting)
        return len(waiting) == LET_IN_AT_ONCE


def end_between(work: Work, one_id: int, other_id: int) -> None:
    """End every follow and request between two people and what they told each other; expects `people.lock` on both."""
    for from_id, to_id in ((one_id, other_id), (other_id, one_id)):
        follow_rows.delete(work, follower_id=from_id, followee_id=to_id)
        request_rows.delete(work, requester_id=from_id, target_id=to_id)
    forget_between(work, one_id, other_id)
    publish(work, Kind.CIRCLE_CHANGED, account_ids=[one_id, other_id])


def _end_request(work: Work, *, requester_id: int, target_id: int) -> bool:
    ended = request_rows.delete(work, requester_id=requester_id, target_id=target_id)
    if ended:
        take_back(work, NotificationKind.REQUEST, target_id, actor_id=requester_id)
    return ended


def _refuse_unless_open(work: Work, viewer: Viewer, target_id: int) -> None:
    if block_rows.exists(work, account_id=viewer.account_id, target_id=target_id):
        raise ForbiddenError("You block this person. Unblock them first.")
    if block_rows.exists_against(work, account_id=viewer.account_id, by_id=target_id):
        raise NotFoundError(NOBODY)
