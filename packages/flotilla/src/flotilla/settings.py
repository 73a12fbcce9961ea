"""Every setting of a Flotilla site: read once from the environment, into one frozen value.

The fields of `Settings` and its parent are the only declaration: name, type, default and description come from there,
for reading, for the messages and for the reference page (`declarations`). A field `pool_size` is the variable
`FLOTILLA_POOL_SIZE`.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flotilla.declaring import PREFIX, Declaration, declared_in, parsed, setting
from flotilla.errors import StartError
from flotilla.process_settings import ProcessSettings

__all__ = ["Declaration", "Settings", "declarations"]

DEVELOPMENT_KEY = "development only: anyone can read this, so anyone can forge its cookies"
SECRET_MIN_CHARACTERS = 32
SECRET_MIN_DIFFERENT_CHARACTERS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ProcessSettings):
    """What a site was told by its environment; never changes afterwards."""

    database_url: str = setting(
        "Where the site's database is, and as whom the site signs in there: "
        "postgresql://user:password@host:port/database. This user owns no table.",
        secret=True,
    )
    owner_url: str = setting(
        "The same database as the user who owns the tables. Only `flotilla migrate` and `flotilla seed` use it; "
        "point it at PostgreSQL itself, not at a pooler.",
        default="",
        default_text="not set",
        secret=True,
    )
    environment: str = setting(
        "production demands a strong FLOTILLA_SECRET_KEY and sends cookies over HTTPS only.",
        default="development",
        choices=("development", "production"),
    )
    secret_key: str = setting(
        "Signs the cookies; whoever knows it can forge them. In production at least 32 characters, for example from "
        "`python -c 'import secrets; print(secrets.token_urlsafe(48))'`.",
        default=DEVELOPMENT_KEY,
        default_text="a public one, for development only",
        secret=True,
    )
    bind: str = setting("The address `flotilla run` listens on; 0.0.0.0 is every address.", default="127.0.0.1")
    port: int = setting("The port `flotilla run` listens on.", default=8000, minimum=1, maximum=65535)
    workers: int = setting("Worker processes of `flotilla run`.", default=1, minimum=1, maximum=128)
    threads: int = setting(
        "Threads in each worker process: requests it works on at once.", default=4, minimum=1, maximum=256
    )
    request_timeout_s: int = setting(
        "A worker that is silent this many seconds is replaced.", default=30, minimum=1, maximum=600
    )
    pool_size: int = setting(
        "Database connections each worker process may hold at most.",
        default=4,
        default_text="as FLOTILLA_THREADS",
        minimum=1,
        maximum=256,
    )
    pool_wait_s: float = setting(
        "How long a request waits for a free database connection before it is refused.",
        default=5.0,
        minimum=0.1,
        maximum=60,
    )
    connect_timeout_s: int = setting(
        "How long to wait for the database to accept a connection.", default=5, minimum=1, maximum=60
    )
    statement_timeout_s: float = setting(
        "The database gives up on one statement after this time.", default=5.0, minimum=0.1, maximum=300
    )
    lock_timeout_s: float = setting(
        "The database gives up waiting for one lock after this time.", default=2.0, minimum=0.1, maximum=300
    )
    page_size: int = setting("Posts on one page.", default=20, minimum=1, maximum=100)
    session_days: int = setting("Days until a person has to sign in again.", default=30, minimum=1, maximum=365)
    argon2_memory_kib: int = setting(
        "Memory one password check takes; more makes stolen passwords harder to guess.",
        default=19456,
        minimum=8,
        maximum=1048576,
    )
    argon2_time_cost: int = setting(
        "Passes one password check makes over that memory; each costs CPU time.", default=2, minimum=1, maximum=20
    )
    secure_cookies: bool = setting(
        "Send cookies over HTTPS only. Switch it off only to try production on your own machine without HTTPS.",
        default=False,
        default_text="on in production",
    )
    proxies: int = setting(
        "Trusted proxies in front of the site whose X-Forwarded-* headers tell the visitor's address and scheme.",
        default=0,
        minimum=0,
        maximum=10,
    )
    password_grant: bool = setting(
        "Let apps fetch a token with a person's password. Only for tests and programs of your own: people should enter "
        "their password on the site and nowhere else.",
        default=False,
    )
    log_level: str = setting(
        "The least urgent log lines that are written.",
        default="info",
        choices=("debug", "info", "warning", "error"),
    )

    access_log: bool = setting("Write one line about each request.", default=True)

    # Who comes aboard, and how the site writes to them.
    site_url: str = setting(
        "The site's own address, as it stands in letters: https://example.org, without a path.",
        default="http://127.0.0.1:8000",
    )
    sign_up: str = setting(
        "Who may sign up: anybody, people with an invitation, people whom a moderator approves, or nobody.",
        default="open",
        choices=("open", "invite", "approval", "closed"),
        in_page=True,
    )
    confirm_email: bool = setting(
        "Ask whoever signs up for a mail address, and let them in once they opened the link that is sent there.",
        default=False,
        default_text="on with FLOTILLA_SMTP_URL",
        in_page=True,
    )
    smtp_url: str = setting(
        "The mail server that takes the site's letters: smtp://user:password@host:587, which is encrypted before it "
        "signs in, or smtps://user:password@host:465. Without one, letters are written into FLOTILLA_OUTBOX_FOLDER.",
        default="",
        default_text="not set",
        secret=True,
    )
    mail_from: str = setting("Whom letters come from.", default="Flotilla <flotilla@localhost>")
    export_folder: str = setting(
        "Where copies of people's data lie until they are fetched, for a week at most; a folder nobody else can read.",
        default="flotilla-exports",
    )
    limits: bool = setting(
        "Refuse what one person or one network address does too often. Each worker process counts for itself.",
        default=False,
        default_text="on in production",
    )
    limit_sign_in: int = setting(
        "Passwords that may be tried for one account in a quarter of an hour; ten times as many from one address. "
        "0, here and in the following: no limit.",
        default=10,
        minimum=0,
        maximum=1_000_000,
    )
    limit_sign_up: int = setting(
        "Accounts that may be made from one address in an hour.", default=20, minimum=0, maximum=1_000_000
    )
    limit_apps: int = setting(
        "Apps that may be registered from one address in an hour; one is, when somebody signs in with an app.",
        default=60,
        minimum=0,
        maximum=1_000_000,
    )
    limit_letters: int = setting(
        "Letters to one mail address that may be asked for in an hour; ten times as many from one network address.",
        default=5,
        minimum=0,
        maximum=1_000_000,
    )
    limit_posts: int = setting(
        "Posts that one person may publish in an hour.", default=120, minimum=0, maximum=1_000_000
    )
    limit_uploads: int = setting(
        "Files that one person may upload in an hour.", default=60, minimum=0, maximum=1_000_000
    )
    limit_api: int = setting(
        "Requests that apps may make for one person in five minutes; ten times as many from one address.",
        default=300,
        minimum=0,
        maximum=1_000_000,
    )
    outbox_folder: str = setting(
        "Where letters go as files when there is no mail server. They hold links that let whoever has them in.",
        default="flotilla-outbox",
    )

    # What the site is called and says about itself; admins may change all of it in the page.
    site_name: str = setting("What the site is called.", default="Flotilla", longest=40, in_page=True)
    site_description: str = setting(
        "What the site is about, in a paragraph; it stands on its About page.",
        default="",
        default_text="none",
        longest=1000,
        in_page=True,
    )
    contact_email: str = setting(
        "The mail address of the people who run the site; it stands on its About page.",
        default="",
        default_text="none",
        longest=254,
        in_page=True,
    )
    sign_up_message: str = setting(
        "What people who want to sign up read first.", default="", default_text="none", longest=1000, in_page=True
    )
    default_language: str = setting(
        "The language of the pages for browsers that ask for none of the site's.",
        default="en",
        choices=("en", "de"),
        in_page=True,
    )

    # Pictures.
    media_folder: str = setting(
        "Where pictures are stored: a folder that lasts, on a disk that all processes of the site share. Only what is "
        "in its folder `public` is for everyone.",
        default="media",
        default_text="media, in the working directory",
    )
    media_upload_max_mib: int = setting(
        "The largest file that is taken as a picture.", default=10, minimum=1, maximum=64
    )
    media_memory_mib: int = setting(
        "Memory that working on one picture may take; pictures with more pixels than fit are refused. One is worked on "
        "at a time.",
        default=192,
        minimum=96,
        maximum=4096,
    )

    @property
    def in_production(self) -> bool:
        """Whether real people use this site."""
        return self.environment == "production"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Read every FLOTILLA_* variable; an empty one counts as not set. Raises StartError, naming the variable."""
        _refuse_misspelt(environ)
        values: dict[str, Any] = {}
        for declared in declarations():
            text = environ.get(declared.name, "").strip()
            if text:
                values[declared.field_name] = parsed(declared, text)
        if "database_url" not in values:
            raise StartError(
                f"No database: the environment variable {PREFIX}DATABASE_URL is not set.",
                try_this=f"Set it like this: export {PREFIX}DATABASE_URL="
                "postgresql://flotilla:a-password@127.0.0.1:5432/flotilla",
            )
        values.setdefault("pool_size", values.get("threads", 4))
        values.setdefault("secure_cookies", values.get("environment") == "production")
        values.setdefault("limits", values.get("environment") == "production")
        values.setdefault("confirm_email", bool(values.get("smtp_url")))
        settings = cls(**values)
        if settings.in_production:
            _refuse_weak_secret(settings.secret_key)
        return settings


def declarations() -> tuple[Declaration, ...]:
    """Every setting, in the order of the reference page."""
    return tuple(declared_in(Settings))


def _refuse_misspelt(environ: Mapping[str, str]) -> None:
    # Only near misses: a hosting platform may put FLOTILLA_ variables of its own into the environment.
    known = [declared.name for declared in declarations()]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
            if near:
                raise StartError(f"There is no setting {name}.", try_this=f"Did you mean {near[0]}?")


def _refuse_weak_secret(secret: str) -> None:
    make_one = "Make one: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
    if secret == DEVELOPMENT_KEY:
        raise StartError(f"{PREFIX}SECRET_KEY is not set, and this is production.", try_this=make_one)
    if len(secret) < SECRET_MIN_CHARACTERS or len(set(secret)) < SECRET_MIN_DIFFERENT_CHARACTERS:
        raise StartError(
            f"{PREFIX}SECRET_KEY is too weak for production: {len(secret)} characters, {len(set(secret))} different "
            f"ones; at least {SECRET_MIN_CHARACTERS} and {SECRET_MIN_DIFFERENT_CHARACTERS} are needed.",
            try_this=make_one,
        )
