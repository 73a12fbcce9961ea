"""What belongs to a post when it comes, changes and goes: thread, mentions, hashtags, conversation, notifications."""

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social.conversing import conversation_of
from flotilla.social.drafts import INDEXED_MAX, Draft
from flotilla.social.events import Kind, publish
from flotilla.social.media import attach
from flotilla.social.notifying import NotificationKind, forget_post, tell
from flotilla.social.pages import Viewer
from flotilla.social.text import hashtags_in
from flotilla.social.visibility import Visibility, may_see
from flotilla.store import conversations as conversation_rows
from flotilla.store import edits as edit_rows
from flotilla.store import marks
from flotilla.store import mentions as mention_rows
from flotilla.store import posts as post_rows
from flotilla.store import reposts as repost_rows
from flotilla.store import threads as thread_rows
from flotilla.store.database import Work
from flotilla.store.ids import MAX_ID, bucket_of, made_at
from flotilla.store.posts import NewPost, PostRow

__all__ = ["NO_SUCH_POST", "change", "original_of", "remove", "seen", "store", "tell_author"]

NO_SUCH_POST = "There is no such post; perhaps its author deleted it."


def seen(work: Work, viewer: Viewer, post_id: int) -> PostRow:
    """The post, if the viewer may see it. Raises NotFoundError, the same for a hidden post as for none."""
    rows = post_rows.find(work, [post_id], reader_id=viewer.account_id) if 0 < post_id <= MAX_ID else []
    if not rows or not may_see(rows[0], viewer.account_id):
        raise NotFoundError(NO_SUCH_POST)
    return rows[0]


def original_of(work: Work, viewer: Viewer, post_id: int) -> PostRow:
    """The post, or what it spreads if it is a repost, held still, if the viewer may see it. Raises NotFoundError."""
    row = seen(work, viewer, post_id)
    if row.repost_of is not None:
        row = seen(work, viewer, row.repost_of)
    # For whom a post is never changes; whether it is there, and its likes, may have until it was held.
    likes = post_rows.lock(work, [row.post_id]).get(row.post_id)
    if likes is None:
        raise NotFoundError(NO_SUCH_POST)
    return row._replace(likes=likes)


def store(work: Work, viewer: Viewer, draft: Draft, *, post_id: int | None) -> int:
    """Store a new post with all that belongs to it; its id. Raises InvalidInputError (fields `text`, `media`)."""
    parent = _parent(work, viewer, draft)
    mentioned = mention_rows.mentionable(work, author_id=viewer.account_id, handles=draft.handles, ids=draft.recipients)
    if set(draft.recipients) - {viewer.account_id} and not set(mentioned) - {viewer.account_id}:
        raise InvalidInputError({"text": "None of these people can be reached."})
    new = NewPost(
        post_id=post_id,
        author_id=viewer.account_id,
        bucket=bucket_of(viewer.account_id),
        body=draft.body,
        visibility=draft.visibility,
        warning=draft.warning,
        sensitive=draft.sensitive,
        language=draft.language,
        parent_id=None if parent is None else parent.post_id,
        parent_author_id=None if parent is None else parent.author_id,
        thread_id=None if parent is None else parent.thread_id,
        media_count=len(draft.media_ids),
        mentioned_ids=list(mentioned),
    )
    post_id = post_rows.insert(work, new)
    if draft.media_ids:
        attach(work, viewer, post_id=post_id, media_ids=draft.media_ids)
    if parent is not None:
        counted = draft.visibility <= Visibility.UNLISTED
        thread_rows.insert_reply(work, post_id=parent.post_id, reply_id=post_id, counted=counted)
    mention_rows.index_hashtags(work, post_id=post_id, names=draft.hashtags)
    mention_rows.index_mentions(work, post_id=post_id, account_ids=mentioned)
    if draft.visibility == Visibility.DIRECT:
        _into_conversation(work, viewer.account_id, post_id, mentioned)
    publish(work, Kind.POSTED, post_id=post_id, author_id=viewer.account_id)
    _tell(work, new, post_id)
    return post_id


def _parent(work: Work, viewer: Viewer, draft: Draft) -> PostRow | None:
    if draft.parent_id is None:
        return None
    try:
        return original_of(work, viewer, draft.parent_id)
    except NotFoundError:
        raise InvalidInputError({"text": "The post you reply to is gone."}) from None


def _into_conversation(work: Work, author_id: int, post_id: int, mentioned: dict[int, str]) -> None:
    conversation = conversation_of({author_id, *mentioned})
    conversation_rows.add(
        work,
        conversation_id=conversation.id,
        member_ids=conversation.member_ids,
        author_id=author_id,
        post_id=post_id,
    )
    publish(
        work,
        Kind.MESSAGED,
        post_id=post_id,
        conversation_id=conversation.id,
        account_ids=conversation.member_ids,
    )


def _tell(work: Work, new: NewPost, post_id: int) -> None:
    # Only somebody who may read the reply hears of it; told of a reply, nobody is told of the mention in it as well.
    replied_to = [] if new.parent_author_id is None else [new.parent_author_id]
    if new.visibility == Visibility.DIRECT:
        replied_to = [other for other in replied_to if other in new.mentioned_ids]
    mentions = [other for other in new.mentioned_ids if other not in replied_to]
    thread_id = post_id if new.thread_id is None else new.thread_id
    hidden_from_others = new.visibility == Visibility.FOLLOWERS and not set(replied_to) <= set(new.mentioned_ids)
    tell(
        work,
        NotificationKind.REPLY,
        replied_to,
        actor_id=new.author_id,
        target=post_id,
        thread_id=thread_id,
        only_followers=hidden_from_others,
    )
    tell(work, NotificationKind.MENTION, mentions, actor_id=new.author_id, target=post_id, thread_id=thread_id)


def tell_author(work: Work, kind: NotificationKind, row: PostRow, *, actor_id: int) -> None:
    """Tell whoever wrote the post what the actor did with it."""
    tell(work, kind, [row.author_id], actor_id=actor_id, target=row.post_id, thread_id=row.thread_id)


def change(work: Work, row: PostRow, draft: Draft) -> None:
    """Give the post, which is held, other words. A direct post stays with the people it was sent to."""
    mentioned = dict.fromkeys(row.mentioned_ids, "")
    if row.visibility != Visibility.DIRECT:
        mentioned = mention_rows.mentionable(work, author_id=row.author_id, handles=draft.handles)
    edit_rows.update(
        work,
        post_id=row.post_id,
        posted_at=made_at(row.post_id),
        body=draft.body,
        warning=draft.warning,
        sensitive=draft.sensitive,
        language=draft.language or row.language,
        mentioned_ids=list(mentioned),
    )
    before, after = set(_indexed_hashtags(row)), set(draft.hashtags)
    mention_rows.unindex_hashtags(work, post_id=row.post_id, names=sorted(before - after))
    mention_rows.index_hashtags(work, post_id=row.post_id, names=sorted(after - before))
    former, new = set(row.mentioned_ids), set(mentioned)
    mention_rows.unindex_mentions(work, post_id=row.post_id, account_ids=former - new)
    mention_rows.index_mentions(work, post_id=row.post_id, account_ids=sorted(new - former))
    publish(work, Kind.EDITED, post_id=row.post_id, author_id=row.author_id)
    reposters = [account_id for _, account_id in repost_rows.of_post(work, row.post_id)] if row.reposts else []
    for kind, told in ((NotificationKind.MENTION, sorted(new - former)), (NotificationKind.EDIT, reposters)):
        tell(work, kind, told, actor_id=row.author_id, target=row.post_id, thread_id=row.thread_id)


def remove(work: Work, row: PostRow) -> None:
    """Delete a post, held together with its parent or original, and everything that knows of it; its replies stay."""
    marks.LIKES.delete_all(work, row.post_id)
    marks.BOOKMARKS.delete_all(work, row.post_id)
    thread_rows.delete_all(work, row.post_id)
    mention_rows.unindex_hashtags(work, post_id=row.post_id, names=_indexed_hashtags(row))
    mention_rows.unindex_mentions(work, post_id=row.post_id, account_ids=row.mentioned_ids)
    if row.parent_id is not None:
        thread_rows.delete_reply(work, post_id=row.parent_id, reply_id=row.post_id)
    if row.repost_of is not None:
        repost_rows.delete(work, account_id=row.author_id, post_id=row.repost_of)
    reposts = repost_rows.of_post(work, row.post_id)
    post_rows.lock(work, [repost_id for repost_id, _ in reposts])
    for _, account_id in reposts:
        repost_rows.delete(work, account_id=account_id, post_id=row.post_id)
    post_rows.delete(work, dict(reposts) | {row.post_id: row.author_id})
    # After the authors' counts, which whoever blocks somebody holds before they forget notifications.
    members: tuple[int, ...] = ()
    if row.visibility == Visibility.DIRECT:
        conversation = conversation_of({row.author_id, *row.mentioned_ids})
        members = conversation.member_ids
        conversation_rows.remove_post(work, conversation_id=conversation.id, member_ids=members, post_id=row.post_id)
    forget_post(work, row.post_id)
    publish(work, Kind.DELETED, post_id=row.post_id, author_id=row.author_id, account_ids=members)


def _indexed_hashtags(row: PostRow) -> tuple[str, ...]:
    return hashtags_in(row.body)[:INDEXED_MAX] if row.visibility == Visibility.PUBLIC else ()
