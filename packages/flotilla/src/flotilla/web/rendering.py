"""From the rules' values to HTML: what templates are given, and how a post's text becomes escaped markup."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask, current_app, render_template, request
from markupsafe import Markup, escape

from flotilla.errors import UnavailableError
from flotilla.settings import Settings
from flotilla.social import (
    ALT_MAX_CHARACTERS,
    BIO_MAX_CHARACTERS,
    PICTURES_MAX,
    POST_MAX_CHARACTERS,
    Hashtag,
    Link,
    Mention,
    Plain,
    Segment,
    Viewer,
    picture_url,
    served_at,
)
from flotilla.web.assets import Asset
from flotilla.web.buttons import deed_buttons
from flotilla.web.compiled import CompiledTemplates
from flotilla.web.compiling import TranslatingEnvironment, translated
from flotilla.web.csrf import csrf_token
from flotilla.web.headers import allow_connections_to
from flotilla.web.moments import CALENDARS
from flotilla.web.places import places_of
from flotilla.web.sessions import site
from flotilla.web.translating import LANGUAGES, chosen_language, words_of

__all__ = ["live_address", "page", "prepare_templates", "said_everywhere", "text_html"]

# What may stand in a header and in a page: whoever asks chooses the name of the host.
_ADDRESS = re.compile(r"wss?://[A-Za-z0-9.\-\[\]:]{1,255}", re.ASCII)


def text_html(segments: Iterable[Segment]) -> Markup:
    """A post's text as HTML. Every character a person wrote passes through `escape` here and nowhere else."""
    parts: list[str] = []
    for segment in segments:
        shown = escape(segment.text)
        match segment:
            case Plain():
                parts.append(shown)
            case Mention():
                parts.append(f'<a href="/@{quote(segment.handle)}">{shown}</a>')
            case Hashtag():
                parts.append(f'<a href="/tags/{quote(segment.name)}">{shown}</a>')
            case Link() if segment.url.lower().startswith(("https://", "http://")):
                parts.append(f'<a href="{escape(segment.url)}" rel="nofollow noopener ugc">{shown}</a>')
            case _:
                parts.append(shown)
    return Markup("".join(parts))  # noqa: S704 (each part was escaped above)


def page(template: str, name: str, *, me: Viewer | None, asks: bool = True, **values: Any) -> str:
    """A page's HTML, in its reader's language. `name` marks it (`data-page`); signed in, it carries a form token.

    Without `asks` it comes without asking the database anything.
    """
    values.setdefault("csrf_token", csrf_token() if me else "")
    environments: dict[str, TranslatingEnvironment] = current_app.extensions["flotilla.templates"]
    found = environments[chosen_language()].get_template(template)
    live = live_address() if me else ""
    everywhere = said_everywhere(me, asks=asks)
    return render_template(found, page=name, me=me, now=datetime.now(UTC), live=live, **everywhere, **values)


def said_everywhere(me: Viewer | None, *, asks: bool) -> dict[str, Any]:
    """What stands on every page: the site's name, and what its admins announce; from memory most of the time.

    A page that says there is no database has to come without it, and without waiting for it.
    """
    if asks:
        with suppress(UnavailableError):
            return {
                "site_name": site().site_settings.now().site_name,
                "announcements": site().announcements.shown_to(me),
            }
    return {"site_name": site().settings.site_name, "announcements": ()}


def live_address() -> str:
    """Where this page finds the live process, which its headers then allow it to; "" when there is none."""
    settings: Settings = current_app.extensions["flotilla.settings"]
    address = settings.live_address(request.host, https=request.is_secure)
    if not address or _ADDRESS.fullmatch(address) is None:
        return ""
    allow_connections_to(address)
    return address


def prepare_templates(app: Flask, assets: dict[str, Asset]) -> None:
    """Compile every template in every language now, before a server forks, and give them what they use.

    What an earlier start compiled is taken from where it was kept.
    """
    settings: Settings = app.extensions["flotilla.settings"]
    environment = app.jinja_env
    assert isinstance(environment, TranslatingEnvironment)
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.auto_reload = False
    environment.policies["ext.i18n.trimmed"] = True
    environment.add_extension("jinja2.ext.i18n")
    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # of the extension
    environment.globals.update(
        asset_urls={name: asset.url for name, asset in assets.items()},
        alt_limit=ALT_MAX_CHARACTERS,
        bio_limit=BIO_MAX_CHARACTERS,
        picture_max_mib=settings.media_upload_max_mib,
        picture_types="image/jpeg,image/png,image/webp,image/gif",
        picture_url=picture_url,
        served_at=partial(served_at, public_url=settings.media_public_url),
        pictures_limit=PICTURES_MAX,
        deed_buttons=deed_buttons,
        text_html=text_html,
        text_limit=POST_MAX_CHARACTERS,
    )
    app.extensions["flotilla.templates"] = environments = {}
    folder = Path(str(files("flotilla")))
    compilers = [folder / "web" / name for name in ("compiling.py", "generating.py", "rendering.py", "translating.py")]
    for language in LANGUAGES:
        words, calendar = words_of(language), CALENDARS[language]
        environments[language] = translated(
            environment,
            words,
            date_words=calendar.date_words,
            number=words.number,
            places=places_of(app, words.text),
            time_tag=calendar.time_tag,
        )
        made_with = [*compilers, *folder.glob(f"translations/{language}.mo")]
        compiled = CompiledTemplates(folder / "templates" / f"{language}.html", made_with)
        environments[language].bytecode_cache = compiled
        for name in environment.list_templates(extensions=["html"]):
            environments[language].get_template(name)
        compiled.keep()
