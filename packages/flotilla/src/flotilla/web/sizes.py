"""How large a request may be: a form's few kilobytes, and more only where files are taken from people who are known."""

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, request

from flotilla.settings import Settings
from flotilla.web.sessions import session_token

__all__ = ["REQUEST_MAX_BYTES", "add_size_limits", "takes_files"]

REQUEST_MAX_BYTES = 64 * 1024


def takes_files(count: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A view that takes up to `count` pictures with its form; to be written directly under its route."""

    def marked(view: Callable[..., Any]) -> Callable[..., Any]:
        view.files_taken = count  # type: ignore[attr-defined]  # a mark for add_size_limits
        return view

    return marked


def add_size_limits(app: Flask) -> None:
    """Bound what each request to `app` may send, before anything of it is read.

    Must be added before whatever reads forms.
    """

    @app.before_request
    def limit() -> None:
        view = current_app.view_functions.get(request.endpoint or "")
        count = getattr(view, "files_taken", 0)
        # Files are written to the disk before a view is called; for a stranger's nobody has room.
        # A form without files has no more to say there than elsewhere.
        if (
            count
            and request.mimetype == "multipart/form-data"
            and (session_token() or request.authorization is not None)
        ):
            settings: Settings = current_app.extensions["flotilla.settings"]
            request.max_content_length = count * (settings.media_upload_max_mib << 20) + REQUEST_MAX_BYTES
