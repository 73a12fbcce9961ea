"""The operator's commands beside `migrate`, `seed` and `run`: check, backup, restore, user, static."""

import argparse
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flotilla.errors import NotFoundError, RuleError, StartError
from flotilla.settings import Settings

__all__ = ["add_commands", "run_command"]

ROLES = ("member", "moderator", "admin")
Told = Callable[[str], None]


def add_commands(commands: Any, settings: str) -> None:
    """Declare these commands; `settings` describes what the owner's commands read from the environment."""
    raw = argparse.RawDescriptionHelpFormatter
    check = commands.add_parser(
        "check",
        help="look whether all rows and files fit together",
        description="Look whether counts, mirrors, leads and files fit together, while the site runs.\n"
        "Exit status: 0 everything fits, or was mended; 1 something does not.",
        formatter_class=raw,
    )
    check.add_argument("--repair", action="store_true", help="mend what does not fit, where it can be decided")
    backup = commands.add_parser(
        "backup",
        help="write the database and the pictures into one file",
        description="Write the database, as it is at one moment, and the pictures into one file, while the site runs.\n"
        "It holds everything the site knows: keep it where nobody else reads it.",
        epilog=settings,
        formatter_class=raw,
    )
    backup.add_argument("file", type=Path, metavar="FILE", help="the file to write; it must not exist yet")
    restore = commands.add_parser(
        "restore",
        help="make a site from such a file",
        description="Make the site in the file anew: in an empty database, and in a folder or a bucket without\n"
        "pictures, both named by the settings. Nothing that is there is ever replaced.",
        epilog=settings,
        formatter_class=raw,
    )
    restore.add_argument("file", type=Path, metavar="FILE", help="a file that `flotilla backup` wrote")
    static = commands.add_parser(
        "static",
        help="copy the style sheets and scripts for a web server in front",
        description="Copy the style sheets, scripts and symbols into FOLDER/static, where a web server in front can\n"
        "serve them. Their names change with their content: those of earlier versions are left there.",
        formatter_class=raw,
    )
    static.add_argument("folder", type=Path, metavar="FOLDER", help="made unless it exists")
    user = commands.add_parser(
        "user",
        help="create an account, or change one",
        description="Create an account, or change one. A new password is made up and printed, or read from the\n"
        "standard input with --password-stdin.",
        formatter_class=raw,
    )
    deeds = ("create", "role", "password", "confirm", "suspend", "restore")
    user.add_argument("deed", choices=deeds, help="what to do")
    user.add_argument("handle", metavar="HANDLE", help="whose account")
    user.add_argument("--role", choices=ROLES, help="for create and role")
    user.add_argument("--email", default="", help="for create; a letter asks to prove it")
    user.add_argument("--password-stdin", action="store_true", help="for create and password: read it")


def run_command(chosen: argparse.Namespace, settings: Settings, *, tell: Told) -> int:
    """Do what was chosen; the exit status. Raises FlotillaError."""
    match chosen.command:
        case "check":
            return _check(settings, tell, repair=chosen.repair)
        case "backup":
            from flotilla.backup import back_up

            pictures = back_up(settings, chosen.file)
            tell(f"{chosen.file}: the database and {pictures} files of pictures.")
        case "restore":
            from flotilla.backup import restore

            pictures = restore(settings, chosen.file)
            tell(f"The database and {pictures} files of pictures are there. Look at them with: flotilla check")
        case "static":
            from flotilla.web.assets import copy_assets

            tell(f"{copy_assets(chosen.folder)} files under {chosen.folder / 'static'}.")
        case "user":
            _user(settings, tell, chosen)
    return 0


def _check(settings: Settings, tell: Told, *, repair: bool) -> int:
    from flotilla.social import open_site
    from flotilla.social.checkup import check_up

    site = open_site(settings)
    try:
        site.check()
        if repair:
            site.files.check_moving()
        findings = check_up(site.database, site.files, repair=repair)
    finally:
        site.close()
    for finding in findings:
        done = "mended" if finding.mended else "found"
        tell(f"{finding.count} {done}: {finding.what} ({', '.join(finding.examples)} ...)")
    if not findings:
        tell("Everything fits together.")
    return 0 if all(finding.mended for finding in findings) else 1


def _user(settings: Settings, tell: Told, chosen: argparse.Namespace) -> None:
    from flotilla.social import open_site

    site = open_site(settings)
    handle = chosen.handle
    try:
        site.check()
        match chosen.deed:
            case "create":
                password = _password(tell, read=chosen.password_stdin)
                site.accounts.sign_up(handle=handle, password=password, email=chosen.email, by_operator=True)
                if chosen.role:
                    site.roles.set(None, handle, chosen.role)
                done = True
            case "role":
                if not chosen.role:
                    raise StartError("No role was named.", try_this="Add --role member, moderator or admin.")
                site.roles.set(None, handle, chosen.role)
                done = True
            case "password":
                site.operator.replace_password(handle, _password(tell, read=chosen.password_stdin))
                done = True
            case deed:
                if deed in {"suspend", "restore"}:
                    site.files.check_moving()
                done = getattr(site.operator, deed)(handle)
    except (NotFoundError, RuleError) as error:
        raise StartError(str(error)) from error
    finally:
        site.close()
    tell(f"{handle}: done." if done else f"{handle}: there was nothing to do.")


def _password(tell: Told, *, read: bool) -> str:
    if read:
        return sys.stdin.readline().rstrip("\n")
    password = secrets.token_urlsafe(12)
    tell(f"The password is: {password}")
    return password
