"""Tokens: fetching one, giving it back, and where all that is. The page where people let an app in is in `web/`."""

from msgspec import Struct

from flotilla.api.addresses import Addresses
from flotilla.api.calls import Call
from flotilla.api.endpoints import Endpoints, Nothing, Who
from flotilla.errors import OAuthError, SignInError
from flotilla.social import SignedIn
from flotilla.social.grants import IssuedToken
from flotilla.social.scopes import SCOPES
from flotilla.social.sessions import Origin

__all__ = ["Token", "endpoints", "token_entity"]

endpoints = Endpoints()


class Token(Struct, kw_only=True):
    """A new token; `created_at` in seconds since 1970."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 (the kind, not a secret)
    scope: str
    created_at: int


class TokenRequest(Struct, kw_only=True):
    """What an app shows to get a token."""

    grant_type: str = ""
    client_id: str = ""
    client_secret: str = ""
    code: str = ""
    redirect_uri: str = ""
    code_verifier: str = ""
    scope: str = ""
    username: str = ""
    password: str = ""


class RevokeRequest(Struct, kw_only=True):
    """Which token shall end."""

    client_id: str = ""
    client_secret: str = ""
    token: str = ""


class ServerMetadata(Struct, kw_only=True):
    """Where tokens are to be had and how, as RFC 8414 has it."""

    issuer: str
    service_documentation: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    app_registration_endpoint: str
    userinfo_endpoint: str
    scopes_supported: list[str]
    grant_types_supported: list[str]
    response_types_supported: tuple[str, ...] = ("code",)
    response_modes_supported: tuple[str, ...] = ("query",)
    code_challenge_methods_supported: tuple[str, ...] = ("S256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic", "client_secret_post")


class UserInfo(Struct, kw_only=True):
    """The person of a token, as OpenID Connect names things."""

    iss: str
    sub: str
    name: str
    preferred_username: str
    profile: str
    picture: str


def token_entity(issued: IssuedToken) -> Token:
    """A token as an app is told it."""
    return Token(
        access_token=issued.token, scope=" ".join(issued.scopes), created_at=int(issued.created_at.timestamp())
    )


@endpoints.add("POST", "/oauth/token")
def token(call: Call, given: TokenRequest) -> Token:
    """Fetch a token: for a person who let the app in, or for the app itself."""
    client_id, client_secret = call.basic or (given.client_id, given.client_secret)
    grants = call.site.grants
    match given.grant_type:
        case "authorization_code":
            issued = grants.token_for_code(
                client_id=client_id,
                client_secret=client_secret,
                code=given.code,
                redirect_uri=given.redirect_uri,
                verifier=given.code_verifier,
            )
        case "client_credentials":
            issued = grants.token_for_app(client_id=client_id, client_secret=client_secret, scopes=given.scope)
        case "password" if call.site.settings.password_grant:
            call.site.limits.sign_in(call.peer, given.username)
            try:
                signed_in = call.site.accounts.sign_in(
                    handle=given.username, password=given.password, origin=Origin("", call.peer)
                )
            except SignInError as error:
                raise OAuthError("invalid_grant", str(error)) from None
            if not isinstance(signed_in, SignedIn):
                raise OAuthError("invalid_grant", "This account cannot be used yet, or any more.")
            if not isinstance(signed_in, SignedIn):
                raise OAuthError("invalid_grant", "This account needs more than its password.")
            call.site.accounts.sign_out(signed_in.token)
            issued = grants.token_for_person(
                signed_in.viewer, client_id=client_id, client_secret=client_secret, scopes=given.scope
            )
        case "":
            raise OAuthError("invalid_request", "Missing required parameter: grant_type.")
        case _:
            raise OAuthError(
                "unsupported_grant_type", "The authorization grant type is not supported by the authorization server."
            )
    return token_entity(issued)


@endpoints.add("POST", "/oauth/revoke")
def revoke(call: Call, given: RevokeRequest) -> Nothing:
    """End a token of this app."""
    client_id, client_secret = call.basic or (given.client_id, given.client_secret)
    if not given.token:
        raise OAuthError("unauthorized_client", "You are not authorized to revoke this token")
    call.site.grants.revoke(client_id=client_id, client_secret=client_secret, token=given.token)
    return Nothing()


@endpoints.add("GET", "/.well-known/oauth-authorization-server")
def metadata(call: Call) -> ServerMetadata:
    """Where tokens are to be had, and how."""
    base = call.addresses.base
    grants = ["authorization_code", "client_credentials"]
    if call.site.settings.password_grant:
        grants.append("password")
    return ServerMetadata(
        issuer=f"{base}/",
        service_documentation=f"{base}/api/openapi.json",
        authorization_endpoint=f"{base}/oauth/authorize",
        token_endpoint=f"{base}/oauth/token",
        revocation_endpoint=f"{base}/oauth/revoke",
        app_registration_endpoint=f"{base}/api/v1/apps",
        userinfo_endpoint=f"{base}/oauth/userinfo",
        scopes_supported=list(SCOPES),
        grant_types_supported=grants,
    )


@endpoints.add("GET", "/oauth/userinfo", "profile", "read:accounts", who=Who.PERSON)
def user_info(call: Call) -> UserInfo:
    """Who the token's person is."""
    return _user_info(call, call.addresses)


def _user_info(call: Call, addresses: Addresses) -> UserInfo:
    page = addresses.person(call.me.handle)
    return UserInfo(
        iss=f"{addresses.base}/",
        sub=page,
        name=call.me.display_name,
        preferred_username=call.me.handle,
        profile=page,
        picture=addresses.file(call.me.avatar or addresses.missing_avatar),
    )
