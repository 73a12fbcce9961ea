"""From the rules' values to entities. Knows no Flask: the streaming process answers with the same entities."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape

from flotilla.api import entities
from flotilla.api.addresses import Addresses
from flotilla.social import Author, Hashtag, Link, Media, Mention, Post, Segment, Visibility, parse
from flotilla.social.cards import Card, Cards

__all__ = ["VISIBILITY_NAMES", "Shaper", "moment", "text_html"]

VISIBILITY_NAMES: dict[Visibility, entities.Visibility] = {
    Visibility.PUBLIC: "public",
    Visibility.UNLISTED: "unlisted",
    Visibility.FOLLOWERS: "private",
    Visibility.DIRECT: "direct",
}
LINK_RELATION = "nofollow noopener noreferrer"


def moment(when: datetime) -> str:
    """A moment as the API writes it: 2026-01-08T09:10:11.123Z."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def text_html(segments: Iterable[Segment], addresses: Addresses) -> str:
    """A post's text as HTML, in paragraphs."""
    return _paragraphs(_inline(segments, addresses))


def line_html(text: str, addresses: Addresses) -> str:
    """One line of a profile as HTML."""
    return _inline(parse(text), addresses)


def _inline(segments: Iterable[Segment], addresses: Addresses) -> str:
    # Every character a person wrote passes through `escape` here and nowhere else.
    parts = []
    for segment in segments:
        shown = escape(segment.text)
        match segment:
            case Mention():
                address = escape(addresses.person(segment.handle))
                link = f'<a href="{address}" class="u-url mention">@<span>{shown[1:]}</span></a>'
                parts.append(f'<span class="h-card">{link}</span>')
            case Hashtag():
                address = escape(addresses.tag(segment.name))
                parts.append(f'<a href="{address}" class="mention hashtag" rel="tag">#<span>{shown[1:]}</span></a>')
            case Link() if segment.url.lower().startswith(("https://", "http://")):
                parts.append(f'<a href="{escape(segment.url)}" rel="{LINK_RELATION}" target="_blank">{shown}</a>')
            case _:
                parts.append(shown)
    return "".join(parts)


def _paragraphs(html: str) -> str:
    if not html:
        return ""
    paragraphs = (part.strip("\n").replace("\n", "<br />") for part in html.split("\n\n"))
    return "".join(f"<p>{part}</p>" for part in paragraphs if part)


class Shaper:
    """Entities for one answer; each account is looked up once, all of them together."""

    def __init__(self, cards: Cards, addresses: Addresses) -> None:
        self._cards = cards
        self._addresses = addresses
        self._accounts: dict[int, entities.Account] = {}

    def prepare(self, account_ids: Iterable[int], posts: Iterable[Post]) -> None:
        """Look up at once whom accounts and posts of one answer will need."""
        self._know({*account_ids, *(account_id for post in posts for account_id in _writers(post))})

    def accounts(self, account_ids: Sequence[int]) -> list[entities.Account]:
        """The accounts in that order, without those that are gone."""
        self._know(account_ids)
        return [self._accounts[account_id] for account_id in account_ids if account_id in self._accounts]

    def account(self, account_id: int) -> entities.Account:
        """One account. Raises KeyError when it is gone."""
        self._know([account_id])
        return self._accounts[account_id]

    def statuses(self, posts: Sequence[Post]) -> list[entities.Status]:
        """The posts in that order, without those whose author has just gone."""
        self._know(account_id for post in posts for account_id in _writers(post))
        return [self._status(post) for post in posts if self._accounts.keys() >= _writers(post)]

    def status(self, post: Post) -> entities.Status:
        """One post. Raises KeyError when its author has just gone."""
        self._know(_writers(post))
        return self._status(post)

    def _know(self, account_ids: Iterable[int]) -> None:
        unknown = set(account_ids).difference(self._accounts)
        if unknown:
            found = self._cards.of(unknown)
            self._accounts.update((card.account_id, self.shown(card)) for card in found.values())

    def shown(self, card: Card) -> entities.Account:
        """An account, from its card."""
        addresses = self._addresses
        page = addresses.person(card.handle)
        avatar = addresses.file(card.avatar or addresses.missing_avatar)
        header = addresses.file(card.header or addresses.missing_header)
        return entities.Account(
            id=str(card.account_id),
            username=card.handle,
            acct=card.handle,
            display_name=card.display_name,
            locked=card.locked,
            bot=card.bot,
            limited=card.silenced,
            discoverable=card.discoverable,
            noindex=not card.discoverable,
            indexable=card.discoverable,
            created_at=moment(card.joined_at),
            note=text_html(parse(card.bio), addresses),
            url=page,
            uri=page,
            avatar=avatar,
            avatar_static=avatar,
            header=header,
            header_static=header,
            followers_count=card.followers,
            following_count=card.following,
            statuses_count=card.posts,
            last_status_at=card.last_posted_at.date().isoformat() if card.last_posted_at else None,
            fields=[entities.Field(name=name, value=line_html(value, addresses)) for name, value in card.fields],
        )

    def _status(self, post: Post) -> entities.Status:
        addresses = self._addresses
        page = addresses.post(post.author.handle, post.id)
        return entities.Status(
            id=str(post.id),
            created_at=moment(post.posted_at),
            in_reply_to_id=None if post.parent_id is None else str(post.parent_id),
            in_reply_to_account_id=None if post.parent_author is None else str(post.parent_author.account_id),
            sensitive=post.sensitive,
            spoiler_text=post.warning,
            visibility=VISIBILITY_NAMES[post.visibility],
            language=post.language or None,
            uri=page,
            url=page,
            replies_count=post.replies,
            reblogs_count=post.reposts,
            favourites_count=post.likes,
            edited_at=None if post.edited_at is None else moment(post.edited_at),
            favourited=post.liked_by_viewer,
            reblogged=post.reposted_by_viewer,
            bookmarked=post.bookmarked_by_viewer,
            muted=post.muted_by_viewer,
            pinned=post.pinned,
            content=text_html(post.segments, addresses),
            reblog=None if post.repost_of is None else self._status(post.repost_of),
            account=self._accounts[post.author.account_id],
            media_attachments=[self.media(picture) for picture in post.media],
            mentions=[self._mention(person) for person in post.mentions],
            tags=[
                entities.StatusTag(name=name, url=addresses.tag(name))
                for name in dict.fromkeys(part.name for part in post.segments if isinstance(part, Hashtag))
            ],
        )

    def media(self, picture: Media) -> entities.MediaAttachment:
        """A picture."""
        size = f"{picture.width}x{picture.height}"
        original = {"width": picture.width, "height": picture.height, "size": size}
        if picture.height:
            original["aspect"] = picture.width / picture.height
        return entities.MediaAttachment(
            id=str(picture.id),
            type="image" if picture.kind == "image" else "unknown",
            url=self._addresses.file(picture.url),
            preview_url=self._addresses.file(picture.preview_url),
            meta={"original": original, "focus": {"x": picture.focus[0], "y": picture.focus[1]}},
            description=picture.alt or None,
        )

    def _mention(self, person: Author) -> entities.Mention:
        return entities.Mention(
            id=str(person.account_id),
            username=person.handle,
            url=self._addresses.person(person.handle),
            acct=person.handle,
        )


def _writers(post: Post) -> set[int]:
    return (
        {post.author.account_id}
        if post.repost_of is None
        else {post.author.account_id, post.repost_of.author.account_id}
    )
