"""How a load is going, on standard error."""

import math
import os
import shutil
import sys
import time
from types import TracebackType
from typing import Self

from seatrial.load.books.glance import Glance
from seatrial.load.generator.plan import LoadPlan
from seatrial.report.load_figures import LoadFigures
from seatrial.report.load_words import in_words
from seatrial.report.numbers import rate, time_words

__all__ = ["LoadTeller", "progress_line"]


class LoadTeller:
    """A context: one line that renews itself on a terminal; elsewhere a first and a last line; nothing when quiet."""

    def __init__(self, plan: LoadPlan, *, quiet: bool) -> None:
        self._plan = plan
        self._quiet = quiet
        self._renews = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._begun = False
        self._since_s = time.monotonic()

    def __enter__(self) -> Self:
        if not self._renews:
            whole = time_words(self._plan.lead_in_s + self._plan.duration_s)
            self._write(f"seatrial: {whole} of load on {self._plan.base_url}\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._renews and self._begun:
            self._write("\r\x1b[K")

    @property
    def watches(self) -> bool:
        """Whether anybody sees a glance each second."""
        return self._renews and not self._quiet

    def step(self, text: str) -> None:
        """What is done now."""
        if self._renews:
            self._begun = True
            self._renew(text)

    def show(self, glance: Glance) -> None:
        """How it is going."""
        if self._renews:
            self._begun = True
            self._renew(progress_line(glance, self._plan))

    def end(self, figures: LoadFigures) -> None:
        """The last line; on a terminal the figures themselves follow at the same place."""
        if not self._renews:
            failed = f", {figures.requests - figures.answered:,} failed" if figures.errors else ""
            took = time_words(time.monotonic() - self._since_s)
            self._write(f"seatrial: {in_words(figures.requests, 'request')} in {took}{failed}\n")

    def _renew(self, line: str) -> None:
        room = shutil.get_terminal_size().columns - 1
        self._write(f"\r\x1b[K{line[:room]}")

    def _write(self, text: str) -> None:
        if not self._quiet:
            sys.stderr.write(text)
            sys.stderr.flush()


def progress_line(glance: Glance, plan: LoadPlan) -> str:
    """One glance in at most 79 characters, if the numbers are not out of the ordinary."""
    if glance.elapsed_s < 0:
        when = f"warm-up, {-glance.elapsed_s:.0f} s left"
    else:
        when = f"{min(glance.elapsed_s, plan.duration_s):.0f} of {time_words(plan.duration_s)}"
    parts = [when]
    taken_s = max(glance.taken_s, 1e-9)
    if plan.arrivals is not None:
        parts.append(f"{rate(glance.arrivals / taken_s)}/s due")
    parts.append(f"{rate(glance.answered / taken_s)}/s answered")
    if not math.isnan(glance.response_time_p95_s):
        parts.append(f"p95 {time_words(glance.response_time_p95_s)}")
    parts.append(f"{glance.in_flight:,} waiting")
    if glance.failed:
        parts.append(f"{glance.failed:,} failed")
    if plan.arrivals is not None:
        parts.append(f"late {time_words(glance.lateness_max_s)}")
    return ", ".join(parts)
