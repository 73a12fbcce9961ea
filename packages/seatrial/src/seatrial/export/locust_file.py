"""The folder that Locust runs: locustfile.py, the journeys beside it, requirements.txt. Pure: files as values."""

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path

from seatrial import __version__
from seatrial.errors import SpecError
from seatrial.spec.workload import OperationSpec, WorkloadSpec

__all__ = ["LOCUST_FILE", "locust_files"]

LOCUST_FILE = "locustfile.py"
_REQUIREMENTS = f"""# What every machine of the load needs: pip install -r requirements.txt
locust>=2.40,<3
# Seatrial is brought along. In its repository, `pip wheel --no-deps packages/seatrial` makes a wheel, one file: copy it
# into this folder, where it is looked for.
--find-links .
seatrial=={__version__}
"""

_HEAD = '''"""The workload of {name} for Locust, written by `seatrial export locust`. It is yours to change.

On one machine, in this folder, after pip install -r requirements.txt:

    locust --headless --users {users} --spawn-rate {spawn_rate} --run-time 5m --host {host}

From several, each with a copy of this folder. One leads and two drive, say:

    locust --master --expect-workers 2 --headless --users {users} --spawn-rate {spawn_rate} --run-time 5m --host {host}
    locust --worker --master-host ADDRESS-OF-THE-FIRST
{signing_in}
Load only what is yours, or what you were asked to load: it can take an app down for others.

How to read what Locust tells. Its users wait for their answers (a closed loop): while the app is slow they ask less
often, so that the waiting of those who would have come meanwhile is in no figure. When requests per second fall below
what was asked for, the response times are too good, however bad they look. `seatrial load` begins requests when they
are due and counts from then on. Measure response times with it, on one machine, and let Locust show that the app
holds a rate that needs several.
"""
'''

_SIGNING_IN = """
Users sign in as they start, so they start a few at a time; the whole rate is there when all have. Who cannot sign in
takes no part, which lowers the rate: look for it in Locust's log.
"""
_SIGN_INS_PER_S = 10

_CODE = """
from pathlib import Path

from locust import constant_throughput

from seatrial.export.locust_user import JourneyUser
from seatrial.load.workload import Workload
from seatrial.spec.workload import {classes}

HERE = Path(__file__).parent

# Journeys begun per second by all users together, on all machines.
RATE_RPS = {rate_rps}

# Start as many: --users {users}. Each begins a journey every USERS / RATE_RPS = {round_s:.3g} s, when the one before is
# over by then. Give more users when journeys take longer, with their pauses.
USERS = {users}

# What Seatrial reads from the file, as values: which operations there are and how often each happens.
WORKLOAD = WorkloadSpec(
{workload})


class Visitor(JourneyUser):
    \"\"\"Signs in once, then does what comes next in the mix, whose shares are kept on each machine.\"\"\"

    workload = Workload.from_spec(WORKLOAD)
    rate_rps = RATE_RPS
    users = USERS
    wait_time = constant_throughput(RATE_RPS / USERS)
"""


def locust_files(
    workload: WorkloadSpec, sources: Mapping[str, bytes], *, name: str, rate_rps: float, users: int, host: str = ""
) -> dict[str, bytes]:
    """Relative path -> content of the folder.

    sources: the journeys file and what it imports from its own folder, by relative path; empty without journeys. name:
    of the file that declares the workload. rate_rps: journeys (or operations) begun per second by all `users`. host:
    the address under load, for the commands in the file's head.
    """
    if LOCUST_FILE in sources:
        raise SpecError(
            f"the journeys need a file {LOCUST_FILE}, which would stand in the place of what is written.",
            where=name,
            try_this="Give that file another name.",
        )
    head = _HEAD.format(
        name=name,
        users=users,
        spawn_rate=min(users, _SIGN_INS_PER_S) if workload.sign_in else users,
        signing_in=_SIGNING_IN if workload.sign_in else "",
        host=host or "http://ADDRESS-OF-THE-APP",
    )
    code = _CODE.format(
        classes="OperationSpec, WorkloadSpec" if workload.operations else "WorkloadSpec",
        rate_rps=_number(rate_rps),
        users=users,
        round_s=users / rate_rps,
        workload=textwrap.indent("".join(_workload_lines(workload)), "    "),
    )
    return {LOCUST_FILE: (head + code).encode(), "requirements.txt": _REQUIREMENTS.encode(), **sources}


def _workload_lines(workload: WorkloadSpec) -> Iterator[str]:
    """Arguments of WorkloadSpec, those that are not as usual."""
    for one in fields(WorkloadSpec):
        value = getattr(workload, one.name)
        usual = one.default_factory() if one.default_factory is not MISSING else one.default
        if value == usual:
            continue
        if one.name == "operations":
            yield "operations=(\n" + "".join(f"    {_operation(operation)},\n" for operation in value) + "),\n"
        elif isinstance(value, Path):
            yield f"{one.name}=HERE / {value.name!r},\n"
        elif isinstance(value, Mapping):
            yield (
                f"{one.name}={{\n"
                + "".join(f"    {key!r}: {_number(weight)},\n" for key, weight in value.items())
                + "},\n"
            )
        else:
            yield f"{one.name}={value!r},\n"


def _operation(operation: OperationSpec) -> str:
    given = {one.name: getattr(operation, one.name) for one in fields(OperationSpec)}
    usual = {one.name: one.default for one in fields(OperationSpec)}
    return f"OperationSpec({', '.join(f'{key}={value!r}' for key, value in given.items() if value != usual[key])})"


def _number(value: float) -> str:
    """To the last digit, but without a needless `.0`."""
    return str(int(value)) if float(value).is_integer() else repr(value)
