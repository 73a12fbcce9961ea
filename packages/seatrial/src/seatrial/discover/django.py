"""What a Django project needs besides: settings as where it is deployed, and the trial's own database.

They go into a settings module of their own, `seatrial_settings.py`, that takes over all of the project's and changes
those few; the project's files stay as they are.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from seatrial.discover.callables import AppCandidate
from seatrial.discover.preparing import manage_file
from seatrial.discover.proposal import Proposal
from seatrial.discover.source_tree import SourceTree

__all__ = ["OVERLAY", "settings_modules", "with_django", "without_wsgi_file"]

OVERLAY = "seatrial_settings"
STARTER = "seatrial_wsgi"
NAMED = re.compile(r"DJANGO_SETTINGS_MODULE[\"']\s*[,\]=]+\s*[\"']([\w.]+)[\"']")
FIXED = re.compile(r"environ\[[\"']DJANGO_SETTINGS_MODULE[\"']\]\s*=")
"""Whoever writes this wants no other module, whatever the environment says."""

STARTER_TEXT = '''"""Starts the project by the settings that the environment names, written by `seatrial init`."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
'''

LOGGING_LINES = """\
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django.request": {"handlers": ["console"], "level": "ERROR"}},
}
"""

DATABASE_LINES = """\
_declared = DATABASES.get("default", {})
_kept = _declared if "postg" in _declared.get("ENGINE", "") else {}
DATABASES["default"] = {
    "ENGINE": "django.db.backends.postgresql",
    **_kept,
    "NAME": os.environ["SEATRIAL_DATABASE_NAME"],
    "USER": os.environ["SEATRIAL_DATABASE_USER"],
    "PASSWORD": os.environ["SEATRIAL_DATABASE_PASSWORD"],
    "HOST": os.environ["SEATRIAL_DATABASE_HOST"],
    "PORT": os.environ["SEATRIAL_DATABASE_PORT"],
    "OPTIONS": {name: value for name, value in _kept.get("OPTIONS", {}).items() if not name.startswith("ssl")},
}
"""


def settings_modules(tree: SourceTree) -> list[str]:
    """The modules that wsgi.py, manage.py and asgi.py name, each once, as far as they are in the project."""
    found: dict[str, None] = {}
    for end in ("wsgi.py", "manage.py", "asgi.py"):
        for name in tree.names():
            if name.rsplit("/", 1)[-1] == end:
                found.update(dict.fromkeys(NAMED.findall(tree.text(name))))
    return [module for module in found if _file_of(tree, module)]


def _file_of(tree: SourceTree, module: str) -> str:
    path = module.replace(".", "/")
    ends = (f"{path}.py", f"{path}/__init__.py")
    return next((name for name in tree.names() if any(f"/{name}".endswith(f"/{end}") for end in ends)), "")


def without_wsgi_file(tree: SourceTree) -> tuple[AppCandidate, ...]:
    """The app of a project that has a manage.py but no wsgi.py; nothing of any other."""
    manage = manage_file(tree)
    if not manage:
        return ()
    path = tree.root / manage
    return (AppCandidate(f"{STARTER}:application", path.parent, "django", "wsgi", path, 1),)


def with_django(proposal: Proposal, tree: SourceTree, named: str) -> Proposal:
    """The proposal with the overlay over the settings module `named`, where it would not do as if it were deployed."""
    if not named:
        return proposal
    files = {} if not _needs_starter(proposal, tree) else {f"{STARTER}.py": STARTER_TEXT}
    if files:
        proposal = replace(proposal, target=f"{STARTER}:application", interface="wsgi")
    texts = [tree.text(name) for name in tree.names() if name.endswith(".py") and "settings" in name]
    changes = list(_changes(proposal, texts))
    if not changes:
        ready = replace(proposal, files=files)
        return ready.with_variable("DJANGO_SETTINGS_MODULE", named, "as the project's own files name it")
    lines = [
        f'"""The settings of {named} as in a trial, written by `seatrial init`: as if it were deployed."""',
        "",
        "import os",
        "",
        f"from {named} import *  # noqa: F403",
        "",
        *(line for line, _ in changes),
    ]
    ready = replace(proposal, files={**files, f"{OVERLAY}.py": "\n".join(lines).rstrip() + "\n"})
    ready = ready.with_variable("DJANGO_SETTINGS_MODULE", OVERLAY, f"{named} with what seatrial_settings.py changes")
    if any("SEATRIAL_DATABASE" in line for line, _ in changes):
        for part in ("name", "user", "password", "host", "port"):
            ready = ready.with_variable(
                f"SEATRIAL_DATABASE_{part.upper()}", f"{{database_{part}}}", "seatrial_settings.py reads it"
            )
    told = "; ".join(dict.fromkeys(reason for _, reason in changes))
    return ready.with_clue("settings", f"{OVERLAY}.py over {named}", told)


def _needs_starter(proposal: Proposal, tree: SourceTree) -> bool:
    """Whether the project has no wsgi.py, or one that would not take the overlay."""
    module = proposal.target.partition(":")[0].replace(".", "/")
    name = next((name for name in tree.names() if f"/{name}".endswith(f"/{module}.py")), "")
    return module == STARTER or bool(FIXED.search(tree.text(name)))


def _changes(proposal: Proposal, texts: list[str]) -> Iterator[tuple[str, str]]:
    constants = [constant for text in texts for constant in _constants(text)]
    if any(name == "DEBUG" and value is True for name, value in constants):
        # What it would cost is measured by switching it on between requests.
        yield "SEATRIAL_DEBUG = DEBUG  # noqa: F405", "DEBUG is on in the file, and off where it is deployed"
        yield "DEBUG = False", "DEBUG is on in the file, and off where it is deployed"
    elif any(re.search(r"^\s*DEBUG\s*=\s*(?!False\b)", text, re.MULTILINE) for text in texts):
        yield "DEBUG = False", "DEBUG is off where it is deployed"
    # With DEBUG off an empty list allows nobody; what is no list is made from something that is not known here.
    if not any(
        name == "ALLOWED_HOSTS" and isinstance(value, list | tuple) and "*" in value for name, value in constants
    ):
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
    if any("COMPRESS_OFFLINE" in text for text in texts):
        yield "COMPRESS_ENABLED = False", "stylesheets were not compressed beforehand"
    if not any(re.search(r"^\s*LOGGING\b", text, re.MULTILINE) for text in texts):
        yield LOGGING_LINES, "with DEBUG off an error would be told by mail only"
    if proposal.database == "embedded":
        yield DATABASE_LINES, "the database is the trial's own"


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
