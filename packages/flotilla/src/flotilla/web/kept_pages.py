"""Which pages a cache may keep, and what each of them depends on beside the database's rows."""

from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from typing import Any

from flask import Flask, Response, g, make_response, request

from flotilla.settings import Settings
from flotilla.social import Viewer
from flotilla.social.page_cache import Kept, Outcome
from flotilla.web.csrf import METHODS_THAT_CHANGE_NOTHING
from flotilla.web.drafting import keys_given, new_key
from flotilla.web.metrics import meters
from flotilla.web.rendering import live_address, said_everywhere
from flotilla.web.sessions import session_token, site, viewer
from flotilla.web.translating import chosen_language

__all__ = ["add_page_cache", "kept"]


def kept(view: Callable[..., Any]) -> Callable[..., Response]:
    """A view whose page the cache may keep for its reader, or for all visitors: one that shows posts and only reads."""

    @wraps(view)
    def with_cache(**values: Any) -> Response:
        cache = site().page_cache
        if not cache.is_on or request.method != "GET":
            return make_response(view(**values))
        me = viewer()
        look = cache.look(_key(me), me)
        _count(look.outcome)
        if look.found is not None:
            return _from(look.found)
        made = None
        try:
            response = make_response(view(**values))
            if response.status_code == 200 and "made_visitor_cookie" not in g:
                made = Kept(response.get_data(), tuple(response.headers.items()), keys_given())
        finally:
            if made is None:
                look.give_up()
        if made is not None:
            look.keep(made)
        return response

    return with_cache


def add_page_cache(app: Flask, settings: Settings) -> None:
    """Let people see at once what they did themselves, at the pages or with an app, whatever the cache keeps."""
    if not settings.cache_url:
        return

    @app.after_request
    def forget_own_pages(response: Response) -> Response:
        who = g.get("acting_account_id") or getattr(g.get("me"), "account_id", 0)
        if who and request.method not in METHODS_THAT_CHANGE_NOTHING:
            site().page_cache.changed(who)
        return response


def _from(page: Kept) -> Response:
    body = page.body
    for key in page.only_once:
        # Were the same form sent from two such pages, the second post would count as the first one sent again.
        body = body.replace(key.encode(), new_key().encode())
    return Response(body, headers=list(page.headers))


def _key(me: Viewer | None) -> str:
    """Everything a page is made of, but rows: address, language, reader, session, and what stands everywhere."""
    live = live_address() if me else ""
    parts = (
        request.full_path,
        chosen_language(),
        me,
        session_token() if me else "",
        live,
        said_everywhere(me, asks=True),
    )
    return blake2b(repr(parts).encode(), digest_size=20).hexdigest()


def _count(outcome: Outcome) -> None:
    if site().settings.metrics_token:
        meters().cache.labels(request.url_rule.rule if request.url_rule else "none", outcome).inc()
