"""`python -m seatrial` is the command `seatrial`."""

import sys

from seatrial.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
