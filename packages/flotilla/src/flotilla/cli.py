"""The program `flotilla`: arguments to one function, its failure to one message and an exit status.

Exit status: 0 done, 2 wrong usage, 3 it could not be done.
"""

import argparse
import os
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from flotilla import __version__
from flotilla.commands import add_commands, run_command
from flotilla.errors import FlotillaError
from flotilla.settings import Settings, declarations

__all__ = ["main"]

_DESCRIPTION = """\
Flotilla: a social network in Flask on PostgreSQL.
Its settings are environment variables; `flotilla run --help` explains them all.
"""
EPILOG = """\
First time, on your own machine:
  export FLOTILLA_DATABASE_URL=postgresql://flotilla:a-password@127.0.0.1:5432/flotilla
  export FLOTILLA_OWNER_URL=postgresql://postgres:its-password@127.0.0.1:5432/flotilla
  flotilla migrate && flotilla run
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program with these arguments (default: the process's own); the exit status."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment(_as_chosen(os.environ, chosen))
        match chosen.command:
            case "migrate":
                _migrate(settings)
            case "seed":
                _seed(settings, chosen)
            case "run":
                return _run(chosen)
            case _:
                return run_command(chosen, settings, tell=_tell)
    except FlotillaError as error:
        print(f"flotilla {chosen.command}: {error}", file=sys.stderr)  # noqa: T201 (the program's one message)
        return error.exit_status
    except KeyboardInterrupt:
        print(f"flotilla {chosen.command}: interrupted", file=sys.stderr)  # noqa: T201 (the program's one message)
        return 3
    return 0


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("flotilla", description=_DESCRIPTION, epilog=EPILOG, formatter_class=raw)
    parser.add_argument("--version", action="version", version=f"flotilla {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    settings = "settings, from the environment:\n" + "\n".join(
        _described(["FLOTILLA_DATABASE_URL", "FLOTILLA_OWNER_URL"])
    )
    commands.add_parser(
        "migrate",
        help="create or update the tables, and the user the site runs as",
        description="Create or update the tables, and create the user in FLOTILLA_DATABASE_URL unless it exists.\n"
        "Doing it again changes nothing.",
        epilog=settings,
        formatter_class=raw,
    )
    seed = commands.add_parser(
        "seed",
        help="fill the empty database with a trial town",
        description="Fill the empty, migrated database with invented people, posts, follows and likes.\n"
        "The same arguments give the same town. person00001, person00002, ... all sign in with\n"
        "the password: correct horse battery",
        formatter_class=raw,
    )
    seed.add_argument(
        "--people", type=_count(1, 1_000_000), default=1_000, help="how many people (default %(default)s)"
    )
    seed.add_argument(
        "--posts", type=_count(0, 20_000_000), default=10_000, help="how many posts (default %(default)s)"
    )
    seed.add_argument(
        "--pictures", type=_count(0, 1_000), default=0, help="posts with a picture, beside those (default %(default)s)"
    )
    seed.add_argument(
        "--follows", type=_count(1, 10_000), default=35, help="how many each follows on average (default %(default)s)"
    )
    seed.add_argument("--seed", type=int, default=1, help="another number, another town (default %(default)s)")
    seed.add_argument("--force", action="store_true", help="even in production")
    add_commands(commands, settings)
    every = "settings, from the environment:\n" + "\n".join(_described([declared.name for declared in declarations()]))
    run = commands.add_parser(
        "run",
        help="run the site: the web server, live connections and background work",
        description="Run the site until it is told to stop (Ctrl-C): the web server (gunicorn), the process for live\n"
        "connections and the one for background work, each begun again should it die. SIGHUP renews them.\n"
        "With the name of a part, run that part alone.",
        epilog=every,
        formatter_class=raw,
    )
    run.add_argument("part", nargs="?", choices=("web", "live", "jobs"), help="only this part")
    run.add_argument("--once", action="store_true", help="jobs only: do what is due now, and end (for cron)")
    return parser


def _described(names: Sequence[str]) -> list[str]:
    lines = []
    for declared in declarations():
        if declared.name in names:
            told = f"{declared.description} (default: {declared.default or 'none, it has to be set'})"
            lines += [f"  {declared.name}", textwrap.fill(told, 92, initial_indent=" " * 6, subsequent_indent=" " * 6)]
    return lines


def _count(least: int, most: int) -> Callable[[str], int]:
    def count(text: str) -> int:
        number = int(text.replace("_", ""))
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least} and {most}")
        return number

    return count


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 (progress)


def _migrate(settings: Settings) -> None:
    from flotilla.store.migrating import migrate

    _tell(f"The database is at schema version {migrate(settings)}.")


def _seed(settings: Settings, chosen: argparse.Namespace) -> None:
    from flotilla.seed import PASSWORD, handle, seed_town

    started_s = monotonic()
    seed_town(
        settings,
        people=chosen.people,
        posts=chosen.posts,
        follows_mean=chosen.follows,
        pictures=chosen.pictures,
        seed=chosen.seed,
        force=chosen.force,
        progress=lambda what: _tell(f"  {monotonic() - started_s:5.1f} s  {what}"),
    )
    _tell(
        f"{chosen.people} people and {chosen.posts} posts in {monotonic() - started_s:.1f} s. "
        f"Sign in as {handle(0)} with the password: {PASSWORD}"
    )


def _as_chosen(environ: Mapping[str, str], chosen: argparse.Namespace) -> dict[str, str]:
    """The environment with what `flotilla run` decides unless somebody else did: there are jobs and live processes."""
    if chosen.command == "run" and chosen.part != "web":
        return {"FLOTILLA_JOBS": "on", "FLOTILLA_LIVE": "on", **environ}
    return dict(environ)


def _run(chosen: argparse.Namespace) -> int:
    from flotilla.server import server_environment

    environ = server_environment(_as_chosen(os.environ, chosen))
    if environ != dict(os.environ):
        # Begun anew: the C library reads its variables only once, and the owner's address is not to stay in memory.
        arguments = [part for part in (chosen.part, "--once" if chosen.once else "") if part]
        os.execve(sys.executable, [sys.executable, "-m", "flotilla.cli", "run", *arguments], environ)  # noqa: S606
    from flotilla.running import run_part, run_site

    settings = Settings.from_environment(environ)
    if chosen.part:
        return run_part(settings, chosen.part, once=chosen.once)
    _tell(
        f"Flotilla on http://{settings.bind}:{settings.port} with {settings.workers} worker(s) of {settings.threads} "
        "threads. Ctrl-C stops it."
    )
    return run_site(settings)


if __name__ == "__main__":
    sys.exit(main())
