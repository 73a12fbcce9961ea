"""What `seatrial load` can be told, as argparse declares it."""

import argparse
from pathlib import Path

from seatrial.command_line.workload_arguments import Commands, add_journeys

__all__ = ["LOAD_EXIT_STATUS", "add_load"]

LOAD_EXIT_STATUS = """exit status:
  0  requests were answered; the figures say how well
  1  every request failed
  2  wrong usage, or a file that cannot be used
  3  the load could not be driven, or its figures are not valid (the reasons are printed)
130  interrupted (what was seen until then is printed)
"""


def add_load(commands: "Commands[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    """Adds the command; who calls it sets its function."""
    parser = commands.add_parser(
        "load",
        help="send requests to a URL at a rate, and tell how it answers",
        description="Sends requests when they are due, however slow the answers are, and tells response times as "
        "visitors would see them: from when a request was due. Without --rate, --concurrency keeps a number of "
        "requests on their way instead. It watches itself: figures that are the generator's own are marked.",
        epilog=LOAD_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "url",
        metavar="URL",
        help="what is asked, such as http://127.0.0.1:8000/path?query, https://localhost/ or unix:/run/app.sock:/path; "
        "only the address with --journeys",
    )
    _add_schedule(parser)
    _add_request(parser)
    _add_journeys(parser)
    _add_connections(parser)
    _add_generator(parser)
    _add_output(parser)
    return parser


def _add_schedule(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how much, and when (one of --rate, --profile, --day, --replay, --concurrency)")
    group.add_argument(
        "--rate", metavar="RPS", help="requests begun per second (with --journeys: journeys, with --sessions: visits)"
    )
    group.add_argument(
        "--duration", metavar="TIME", help="how long: seconds, or such as 90s, 5m, 1h (10 s if not said)"
    )
    group.add_argument(
        "--arrivals",
        choices=("poisson", "constant"),
        help="poisson: at random, as from people who do not know of each other (the default); constant: evenly spaced",
    )
    group.add_argument(
        "--profile",
        metavar="POINTS",
        help='rates that change, as seconds:rate, with straight lines between: "0:10,60:200"; two points at one time '
        "make a step",
    )
    group.add_argument(
        "--day", metavar="RPS", help="a day's curve with this rate in its busiest hour, squeezed into --duration"
    )
    group.add_argument(
        "--replay", metavar="FILE", type=Path, help="as it happened: a text file with a time on each line"
    )
    group.add_argument("--replay-speed", metavar="X", help="2 replays in half the time, at twice the rate")
    group.add_argument(
        "--concurrency",
        metavar="N",
        help="a closed loop: N requests on their way, each followed by the next; shows what the server can do at "
        "most, not how long visitors wait",
    )
    group.add_argument("--warm-up", metavar="TIME", help="load of the same kind before, not counted")
    group.add_argument(
        "--seed", metavar="N", help="of all that is random: the same seed sends the same (1 if not said)"
    )


def _add_request(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the request (without --journeys)")
    group.add_argument("--method", metavar="NAME", help="GET, or POST when there is --data")
    group.add_argument(
        "--data",
        metavar="TEXT",
        help="the body, sent as a form unless --header says otherwise; @FILE sends what is in the file",
    )
    group.add_argument("--header", metavar="'NAME: VALUE'", action="append", help="one more header; may be repeated")
    group.add_argument(
        "--expect-status",
        metavar="N",
        help="the only right status (if not said: any below 400, but no redirect away from the app)",
    )
    group.add_argument("--expect-text", metavar="TEXT", help="what the answer must hold to be right")


def _add_journeys(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("journeys (people who sign in, follow links, send forms)")
    group.add_argument(
        "--journeys",
        metavar="FILE",
        type=Path,
        help="a Python file of journeys, or a seatrial.toml whose workload is driven",
    )
    add_journeys(group)
    group.add_argument(
        "--sessions",
        action="store_true",
        help="each arrival is a visitor who comes for the first time and follows one journey to its end",
    )
    group.add_argument(
        "--returning", metavar="SHARE", help="of --sessions: the share begun by --people, who are signed in (0 to 1)"
    )
    group.add_argument(
        "--listeners", metavar="N", help="people who hold an open WebSocket or Socket.IO connection beside the load"
    )
    group.add_argument(
        "--listener", metavar="NAME", help="the journey that each of them follows; it ends in a listen()"
    )


def _add_connections(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("connections")
    group.add_argument(
        "--connections",
        metavar="N",
        help="nothing new begins while so many requests are on their way (1000 if not said); what was due then counts "
        "as failed: cap. Pages and later steps of journeys under way may go past it",
    )
    group.add_argument("--timeout", metavar="TIME", help="how long an answer may take from when it was due (10 s)")
    group.add_argument("--no-keep-alive", action="store_true", help="a new connection for each request")
    group.add_argument("--host-header", metavar="NAME", help="the Host that is named, when the app insists on its own")
    group.add_argument("--ca-file", metavar="FILE", type=Path, help="certificates to trust for https://, as PEM")
    group.add_argument("--insecure", action="store_true", help="trust any certificate of https://")
    group.add_argument(
        "--i-may-load-this-host",
        action="store_true",
        help="allow a host that is not this machine: load can take down what others use",
    )


def _add_generator(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the generator")
    group.add_argument("--processes", metavar="N", help="processes that share the load (1 if not said)")
    group.add_argument(
        "--no-self-check", action="store_true", help="do not measure first what the generator can do on this machine"
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is printed")
    group.add_argument("--json", action="store_true", help="the figures as JSON instead of text")
    group.add_argument("--quiet", action="store_true", help="no progress on standard error")
