"""What `seatrial load` and `seatrial export` can both be told about journeys, as argparse declares it."""

import argparse

__all__ = ["Arguments", "Commands", "add_journeys"]

# argparse has no public names for these.
Arguments = argparse._ActionsContainer  # noqa: SLF001
"""A parser, or a group of its arguments."""

Commands = argparse._SubParsersAction  # noqa: SLF001
"""What a command is added to."""


def add_journeys(arguments: Arguments) -> None:
    """How often each journey happens, and who does them."""
    arguments.add_argument(
        "--mix",
        metavar="NAME=WEIGHT,...",
        help="how often each journey happens, such as home=40,public=10 (if not said: as FILE says)",
    )
    arguments.add_argument(
        "--people", metavar="N", help="how many different people take part (if not said: as FILE says, or 30)"
    )
    arguments.add_argument(
        "--sign-in",
        metavar="NAME",
        help="the journey that signs one person in (if not said: as FILE says, or sign_in if it has one)",
    )
    arguments.add_argument("--no-sign-in", action="store_true", help="nobody signs in")
