"""The API's JSON for what is streamed, by the same shapes as its answers."""

import msgspec

from flotilla.api.addresses import Addresses
from flotilla.api.conversations import conversation_entities
from flotilla.api.notifications import notification_entities
from flotilla.api.shaping import Shaper
from flotilla.errors import NotFoundError
from flotilla.social import Post, Site, Viewer
from flotilla.social.notifications import Notification

__all__ = ["ApiRenderer"]


class ApiRenderer:
    """Makes the JSON of entities, without any reader's own marks."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def post(self, post: Post, base: str) -> str:
        """A post."""
        return _text(self._shaper(base).status(post))

    def notification(self, notification: Notification, base: str) -> str | None:
        """A notification; None when apps know none of its kind."""
        found = notification_entities(self._shaper(base), [notification])
        return _text(found[0]) if found else None

    def conversation(self, viewer: Viewer, conversation_id: int, base: str) -> str | None:
        """One of that person's conversations; None when it is gone."""
        try:
            found = self._site.conversations.one(viewer, conversation_id)
        except NotFoundError:
            return None
        return _text(conversation_entities(self._shaper(base), [found])[0])

    def _shaper(self, base: str) -> Shaper:
        return Shaper(self._site.cards, Addresses(base, self._site.settings.media_public_url))


def _text(entity: object) -> str:
    return msgspec.json.encode(entity).decode()
