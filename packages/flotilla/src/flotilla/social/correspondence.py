"""Writing to people by mail, each in the language they read."""

from collections.abc import Callable

from flotilla.settings import Settings
from flotilla.social.letters import Receiver
from flotilla.social.mail import Letter, Mail
from flotilla.social.site_settings import SiteSettings
from flotilla.social.words import LANGUAGES, words_of

__all__ = ["Correspondence"]


class Correspondence:
    """Writes letters and hands them over."""

    def __init__(self, settings: Settings, site_settings: SiteSettings) -> None:
        self._mail = Mail(settings)
        self._site_url = settings.site_url
        self._site_settings = site_settings

    def send(
        self, write: Callable[..., Letter], *, email: str, handle: str, languages: tuple[str, ...], **values: object
    ) -> None:
        """Send what `write` (of `letters`) makes of the values. Raises MailError.

        It is in the first of the languages that the site speaks, otherwise in the site's own. Callers name what the
        person chose, then what the browser that asked for the letter reads; "" is none.
        """
        known = (language for language in languages if language in LANGUAGES)
        language = next(known, None) or self._site_settings.now().default_language
        receiver = Receiver(email, handle, words_of(language), self._site_url)
        self._mail.send(write(receiver, **values))
