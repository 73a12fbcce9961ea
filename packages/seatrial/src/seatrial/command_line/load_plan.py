"""The plan that the arguments of `seatrial load` ask for, or a sentence on what cannot be used."""

import argparse
from dataclasses import replace
from pathlib import Path

from seatrial.command_line.load_arrivals import load_arrivals, load_concurrency, load_duration_s, load_warm_up_s
from seatrial.command_line.load_workload import load_target, load_workload
from seatrial.command_line.quantities import whole_number
from seatrial.errors import LoadError, SpecError
from seatrial.load.generator.plan import PROCESSES_MAX, LoadPlan

__all__ = ["load_plan"]

_CONNECTIONS = 1000
_CONNECTIONS_MAX = 100_000
_DURATION_S = 10.0


def load_plan(options: argparse.Namespace) -> LoadPlan:
    """Reads what the arguments name, starts nothing.

    Raises:
        SpecError: an argument, or a file that it names, cannot be used.
    """
    concurrency = load_concurrency(options)
    base_url, path = load_target(options)
    workload = load_workload(options, path)
    warm_up_s = load_warm_up_s(options)
    arrivals, duration_s = None, 0.0
    if concurrency is None:
        arrivals, duration_s = load_arrivals(options, workload.arrivals, warm_up_s)
    else:
        duration_s = load_duration_s(options, _DURATION_S)
        if options.connections is not None:
            raise SpecError(
                "a closed loop has as many as --concurrency.", where="--connections", try_this="Leave it out."
            )
        if workload.arrivals_are == "sessions":
            raise SpecError(
                "sessions arrive, and in a closed loop nobody does.",
                where="--sessions" if options.sessions else f"{options.journeys}: workload.arrivals_are",
                try_this="Say a rate: --rate 5",
            )
    connections = _CONNECTIONS
    if options.connections is not None:
        connections = whole_number("--connections", options.connections, at_most=_CONNECTIONS_MAX, example="1000")
    processes = 1
    if options.processes is not None:
        processes = whole_number("--processes", options.processes, at_most=PROCESSES_MAX, example="2")
    seed = 1
    if options.seed is not None:
        seed = whole_number("--seed", options.seed, at_least=0, at_most=2**31, example="1")
    if options.journeys is None:
        # One request sent by nobody in particular: each process needs somebody.
        workload = replace(workload, people=max(workload.people, processes))
    try:
        return LoadPlan(
            base_url=base_url,
            workload=workload,
            duration_s=duration_s,
            arrivals=arrivals,
            concurrency=concurrency,
            lead_in_s=warm_up_s,
            seed=seed,
            processes=processes,
            in_flight_max=connections,
            host_header=options.host_header or "",
            allow_remote=options.i_may_load_this_host,
            verify=not options.insecure,
            ca_file=_ca_file(options, base_url),
            is_self_checked=not options.no_self_check,
        )
    except LoadError as error:
        # What the plan itself refuses are numbers of the command line that do not go together.
        raise SpecError(error.what, where=error.where, try_this=error.try_this) from None


def _ca_file(options: argparse.Namespace, base_url: str) -> Path | None:
    for name in ("ca_file", "insecure"):
        if getattr(options, name) and not base_url.startswith("https:"):
            raise SpecError("is about https://.", where=f"--{name.replace('_', '-')}", try_this="Leave it out.")
    path: Path | None = options.ca_file
    if path is not None and not path.is_file():
        raise SpecError(f"there is no file {path}.", where="--ca-file", try_this="It is a text file (PEM).")
    return None if path is None else path.absolute()
