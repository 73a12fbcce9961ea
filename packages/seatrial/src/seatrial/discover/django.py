"""What a Django project needs besides: settings as where it is deployed, and the trial's own database.

They go into a settings module of their own, `seatrial_settings.py`, that takes over all of the project's and changes
those few; the project's files stay as they are.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from seatrial.discover.databases import is_database_variable
from seatrial.discover.proposal import Proposal
from seatrial.discover.source_tree import SourceTree

__all__ = ["OVERLAY", "settings_module", "with_django"]

OVERLAY = "seatrial_settings"
NAMED = re.compile(r"DJANGO_SETTINGS_MODULE[\"']\s*[,\]=]+\s*[\"']([\w.]+)[\"']")
POSTGRES = re.compile(r"django\.db\.backends\.postgresql|postgis|psycopg")

DATABASE_LINES = """\
DATABASES["default"] = {
    **DATABASES.get("default", {}),
    "ENGINE": "django.db.backends.postgresql",
    "NAME": os.environ["SEATRIAL_DATABASE_NAME"],
    "USER": os.environ["SEATRIAL_DATABASE_USER"],
    "PASSWORD": os.environ["SEATRIAL_DATABASE_PASSWORD"],
    "HOST": os.environ["SEATRIAL_DATABASE_HOST"],
    "PORT": os.environ["SEATRIAL_DATABASE_PORT"],
}
"""


def settings_module(tree: SourceTree) -> str:
    """The module that manage.py, wsgi.py or asgi.py names; empty when none does."""
    for end in ("wsgi.py", "manage.py", "asgi.py"):
        for name in tree.names():
            if name.rsplit("/", 1)[-1] == end and (found := NAMED.search(tree.text(name))):
                return found[1]
    return ""


def with_django(proposal: Proposal, tree: SourceTree) -> Proposal:
    """The proposal with the overlay, where the project's settings would not do for a trial as if it were deployed."""
    named = settings_module(tree)
    if not named:
        return proposal
    texts = [tree.text(name) for name in tree.names() if name.endswith(".py") and "settings" in name]
    changes = list(_changes(proposal, texts))
    if not changes:
        return proposal
    lines = [
        f'"""The settings of {named} as in a trial, written by `seatrial init`: as if it were deployed."""',
        "",
        "import os",
        "",
        f"from {named} import *  # noqa: F403",
        "",
        *(line for line, _ in changes),
    ]
    ready = replace(proposal, files={f"{OVERLAY}.py": "\n".join(lines).rstrip() + "\n"})
    ready = ready.with_variable("DJANGO_SETTINGS_MODULE", OVERLAY, f"{named} with what seatrial_settings.py changes")
    if any("SEATRIAL_DATABASE" in line for line, _ in changes):
        for part in ("name", "user", "password", "host", "port"):
            ready = ready.with_variable(
                f"SEATRIAL_DATABASE_{part.upper()}", f"{{database_{part}}}", "seatrial_settings.py reads it"
            )
    told = "; ".join(dict.fromkeys(reason for _, reason in changes))
    return ready.with_clue("settings", f"{OVERLAY}.py over {named}", told)


def _changes(proposal: Proposal, texts: list[str]) -> Iterator[tuple[str, str]]:
    constants = [constant for text in texts for constant in _constants(text)]
    if any(name == "DEBUG" and value is True for name, value in constants):
        yield "DEBUG = False", "DEBUG is on in the file, and off where it is deployed"
        yield 'ALLOWED_HOSTS = ["*"]', "a trial asks 127.0.0.1"
    elif any(name == "ALLOWED_HOSTS" and not _allows_here(value) for name, value in constants):
        yield 'ALLOWED_HOSTS = ["*"]', "a trial asks 127.0.0.1"
    if any("SECURE_SSL_REDIRECT" in text for text in texts):
        yield "SECURE_SSL_REDIRECT = False", "a trial has no HTTPS in front"
    if any("STATICFILES_STORAGE" in text or "ManifestStaticFiles" in text for text in texts):
        yield (
            'STORAGES = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}, '
            '"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}\n'
            'globals().pop("STATICFILES_STORAGE", None)\nglobals().pop("DEFAULT_FILE_STORAGE", None)',
            "static files were not collected",
        )
    told = any(is_database_variable(name) for name in proposal.environment)
    if proposal.database == "embedded" and not told and any(POSTGRES.search(text) for text in texts):
        yield DATABASE_LINES, "the database stands in the file"


def _constants(text: str) -> Iterator[tuple[str, object]]:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                yield node.targets[0].id, ast.literal_eval(node.value)
            except (ValueError, TypeError, SyntaxError):
                continue


def _allows_here(value: object) -> bool:
    # With DEBUG off an empty list allows nobody.
    return isinstance(value, list | tuple) and bool({"*", "127.0.0.1"} & {str(host) for host in value})
