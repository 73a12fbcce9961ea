"""Apps: registering one, and whether its token works."""

from typing import Any

from msgspec import Struct, field

from flotilla.api.calls import Call
from flotilla.api.endpoints import Endpoints, Who
from flotilla.social.apps import App

__all__ = ["endpoints"]

endpoints = Endpoints()


class NewApp(Struct, kw_only=True):
    """An app to be registered; several redirect URIs are a list, or lines of one text."""

    client_name: str
    redirect_uris: list[str] = field(default_factory=list)
    scopes: str = ""
    website: str = ""


class Application(Struct, kw_only=True):
    """An app."""

    id: str
    name: str
    website: str | None
    scopes: list[str]
    redirect_uri: str
    redirect_uris: list[str]
    vapid_key: str = ""


class CredentialApplication(Application, kw_only=True):
    """An app just registered, with its secret."""

    client_id: str
    client_secret: str
    client_secret_expires_at: int = 0


@endpoints.add("POST", "/api/v1/apps")
def register(call: Call, given: NewApp) -> CredentialApplication:
    """Register an app; its secret is told this once."""
    call.site.limits.app(call.peer)
    made = call.site.apps.register(
        name=given.client_name, redirect_uris=given.redirect_uris, scopes=given.scopes, website=given.website
    )
    return CredentialApplication(**_fields(made.app), client_id=made.app.client_id, client_secret=made.client_secret)


@endpoints.add("GET", "/api/v1/apps/verify_credentials", who=Who.APP)
def verify(call: Call) -> Application:
    """The app that the token was given to."""
    assert call.bearer is not None
    return Application(**_fields(call.site.apps.read(call.bearer.app_id)))


def _fields(app: App) -> dict[str, Any]:
    return {
        "id": str(app.id),
        "name": app.name,
        "website": app.website or None,
        "scopes": list(app.scopes),
        "redirect_uri": "\n".join(app.redirect_uris),
        "redirect_uris": list(app.redirect_uris),
    }
