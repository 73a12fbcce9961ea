"""From what happened to whoever is to hear of it, one event after the other: each listener hears them in order."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol, TypeVar

import structlog

from flotilla.errors import NotFoundError, UnavailableError
from flotilla.live.listeners import Key, Listeners
from flotilla.live.pages import Pages
from flotilla.live.streaming import AppListener
from flotilla.social import Post, Site, Viewer
from flotilla.social.events import Event, Kind, read_event
from flotilla.social.notifications import Notification
from flotilla.social.reach import Reach
from flotilla.social.visibility import Visibility

__all__ = ["Relay", "Renderer"]

EVENTS_MAX = 2_000
RECENT_MAX = 2_000
Target = tuple[AppListener, Key]
T = TypeVar("T")


class Renderer(Protocol):
    """Makes the API's JSON. `base` is the site's address as the app knows it."""

    def post(self, post: Post, base: str) -> str:
        """A post."""
        ...

    def notification(self, notification: Notification, base: str) -> str | None:
        """A notification; None when apps know none of its kind."""
        ...

    def conversation(self, viewer: Viewer, conversation_id: int, base: str) -> str | None:
        """One of that person's conversations; None when it is gone."""
        ...


class Relay:
    """Takes events in, from any thread, and passes them on, in the event loop."""

    def __init__(
        self,
        site: Site,
        listeners: Listeners,
        pages: Pages,
        renderer: Renderer,
        in_thread: Callable[..., Awaitable[Any]],
        *,
        blocks_changed: Callable[[], Awaitable[None]],
    ) -> None:
        self._site = site
        self._listeners = listeners
        self._pages = pages
        self._renderer = renderer
        self._in_thread = in_thread
        self._blocks_changed = blocks_changed
        self._events: asyncio.Queue[Event] = asyncio.Queue(EVENTS_MAX)
        # Posts that stood in public streams: only of those everybody may hear that they are gone.
        self._recent: dict[int, None] = {}
        self._log = structlog.get_logger("flotilla.live")

    def take(self, payload: str) -> None:
        """Take in what the database told. Too many at once: the newest are lost, and clients find them by asking."""
        event = read_event(payload) if payload else None
        if event is not None:
            try:
                self._events.put_nowait(event)
            except asyncio.QueueFull:
                self._log.warning("events lost", kind=event.kind)

    async def run(self) -> None:
        """Pass events on, for ever."""
        while True:
            event = await self._events.get()
            try:
                await self._pass_on(event)
            except UnavailableError as error:
                self._log.warning("event lost", kind=event.kind, reason=error.what)
            except Exception:  # noqa: BLE001 (one event that cannot be told must not silence all others)
                self._log.exception("event could not be passed on", kind=event.kind)

    async def _pass_on(self, event: Event) -> None:
        match event.kind:
            case Kind.POSTED | Kind.EDITED:
                await self._post(event.number("post_id"), new=event.kind is Kind.POSTED)
            case Kind.DELETED:
                await self._deleted(event)
            case Kind.NOTIFIED:
                await self._notified(event.number("account_id"), event.number("notification_id"))
            case Kind.READ:
                await self._read(event.number("account_id"))
            case Kind.MESSAGED:
                await self._messaged(event)
            case Kind.TYPING:
                await self._typing(event)
            case Kind.SIGNED_OUT:
                for listener in self._listeners.of([event.number("account_id")]):
                    listener.end("signed out")
            case Kind.ANNOUNCED:
                await self._pages.tell(self._listeners.of(self._listeners.account_ids), "announcement", {})
            case Kind.BLOCKS_CHANGED:
                await self._blocks_changed()
            case Kind.CIRCLE_CHANGED:
                pass  # nothing is remembered about anybody's circle

    async def _post(self, post_id: int, *, new: bool) -> None:
        readers = self._listeners.account_ids
        if not readers:
            return
        lists = [int(list_id) for list_id in self._listeners.abouts("list")]
        reach = await self._in_thread(self._site.reaches.of, post_id, reader_ids=readers, list_ids=lists)
        if reach is None:
            return
        if reach.post.visibility is Visibility.PUBLIC:
            self._recent[post_id] = None
            while len(self._recent) > RECENT_MAX:
                del self._recent[next(iter(self._recent))]
        targets = list(self._targets(reach))
        await self._send(targets, "update" if new else "status.update", self._renderer.post, reach.post)
        if new:
            what = {"id": str(post_id), "author_id": str(reach.post.author.account_id)}
            await self._pages.tell(self._page_listeners(reach.home), "post", what)
            watching = [page for page in self._listeners.at(("page:public", "")) if page.account_id in reach.public]
            await self._pages.tell(watching, "public", {"id": str(post_id)})

    def _targets(self, reach: Reach) -> Iterable[Target]:
        yield from self._apps(("user", str(account_id)) for account_id in reach.home)
        open_keys: list[Key] = [("public", ""), ("public:local", "")]
        if reach.post.media:
            open_keys += [("public:media", ""), ("public:local:media", "")]
        tag_keys: list[Key] = [(name, tag) for tag in reach.hashtags for name in ("hashtag", "hashtag:local")]
        for keys, readers in ((open_keys, reach.public), (tag_keys, reach.tagged)):
            for listener, key in self._apps(keys):
                if listener.account_id in readers:
                    yield listener, key
        yield from self._apps(("list", str(list_id)) for list_id in reach.lists)

    async def _deleted(self, event: Event) -> None:
        post_id = event.number("post_id")
        told = set(event.numbers("account_ids"))
        if not told:
            author_id = event.number("author_id")
            readers = self._listeners.account_ids
            told = await self._in_thread(self._site.reaches.followers, author_id, readers) if readers else set()
        keys: list[Key] = [("user", str(account_id)) for account_id in told]
        if post_id in self._recent:
            del self._recent[post_id]
            names = ("public", "public:local", "public:media", "public:local:media", "hashtag", "hashtag:local", "list")
            keys += [(name, about) for name in names for about in self._listeners.abouts(name)]
        for listener, key in self._apps(keys):
            listener.send(key, "delete", str(post_id))
        await self._pages.tell(self._page_listeners(told), "deleted", {"id": str(post_id)})

    async def _notified(self, account_id: int, notification_id: int) -> None:
        mine = self._listeners.of([account_id])
        if not mine:
            return
        viewer = _viewer_of(mine[0])
        targets = list(self._apps([("user", str(account_id)), ("user:notification", str(account_id))]))
        try:
            if targets:
                found = await self._in_thread(self._site.notifications.one, viewer, notification_id)
                await self._send(targets, "notification", self._renderer.notification, found)
        except NotFoundError:
            return
        await self._read(account_id)

    async def _read(self, account_id: int) -> None:
        pages = self._page_listeners([account_id])
        if pages:
            unread = await self._in_thread(self._site.notifications.unread, _viewer_of(pages[0]))
            await self._pages.tell(pages, "notification", {"unread": unread})

    async def _messaged(self, event: Event) -> None:
        conversation_id = event.number("conversation_id")
        what = {"conversation_id": str(conversation_id), "post_id": str(event.number("post_id"))}
        for account_id in event.numbers("account_ids"):
            for listener, key in list(self._apps([("direct", str(account_id))])):
                wanted = (listener.viewer, conversation_id, listener.base)
                payload = await self._in_thread(self._renderer.conversation, *wanted)
                if payload is not None:
                    listener.send(key, "conversation", payload)
            await self._pages.tell(self._page_listeners([account_id]), "message", what)

    async def _typing(self, event: Event) -> None:
        what = {"conversation_id": str(event.number("conversation_id")), "handle": event.ids.get("handle", "")}
        await self._pages.tell(self._page_listeners(event.numbers("account_ids")), "typing", what)

    async def _send(self, targets: list[Target], event: str, render: Callable[[T, str], str | None], what: T) -> None:
        for base in {listener.base for listener, _ in targets}:
            payload = await self._in_thread(render, what, base)
            for listener, key in targets:
                if listener.base == base and payload is not None:
                    listener.send(key, event, payload)

    def _apps(self, keys: Iterable[Key]) -> Iterable[Target]:
        for key in keys:
            for listener in self._listeners.at(key):
                if isinstance(listener, AppListener):
                    yield listener, key

    def _page_listeners(self, account_ids: Iterable[int]) -> list[Any]:
        return [page for account_id in account_ids for page in self._listeners.at(("page", str(account_id)))]


def _viewer_of(listener: Any) -> Viewer:
    viewer: Viewer = listener.viewer
    return viewer
