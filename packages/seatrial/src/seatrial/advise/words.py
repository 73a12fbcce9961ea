"""Sentences that several findings share. Pure."""

from urllib.parse import urlsplit

from seatrial.advise.findings import Capacity
from seatrial.measure.figures import rounded
from seatrial.spec.services import SERVICE_NAMES, Services
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["address_of", "limits_of_this", "repeats_words", "server_words", "verdict_words"]


def address_of(spec: TrialSpec) -> str:
    """The address of an app that was running already, without user and password; "" when Seatrial started it."""
    if not spec.subject.url:
        return ""
    parts = urlsplit(spec.subject.url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def repeats_words(count: int, spec: TrialSpec) -> str:
    """So many starts; of an app that was running already they are only repeats."""
    return f"{count} {'repeat' if spec.subject.url else 'fresh start'}{'' if count == 1 else 's'}"


def server_words(spec: TrialSpec, slots: int | None = None) -> str:
    """The server as a phrase: `gunicorn gthread, 1 worker x 4 threads`. slots: seen of an app that was running."""
    server = spec.subject.server
    if spec.subject.url:
        seen = f", seen to work on about {slots} request{'' if slots == 1 else 's'} at once" if slots else ""
        return f"running at {address_of(spec)}{seen}"
    workers = f"{server.workers} worker{'s' if server.workers != 1 else ''}"
    if server.kind == "command":
        told = f"your own command, {workers} x {server.threads} slots"
    elif server.worker_class == "sync":
        told = f"gunicorn sync, {workers}"
    else:
        each = "requests at once" if server.is_event_loop else "threads"
        how = f" {server.worker_class}" if server.kind == "gunicorn" else ""
        told = f"{server.kind}{how}, {workers} x {server.threads} {each}"
    return told + _services_words(spec.subject.services)


def _services_words(services: Services) -> str:
    """What is beside the server: `, in each of 2 instances behind Caddy, with Valkey and PgBouncer`."""
    told = f", in each of {services.instances} instances" if services.instances > 1 else ""
    if services.balancer != "none":
        told += f"{'' if told else ','} behind {SERVICE_NAMES[services.balancer]}"
    beside = [SERVICE_NAMES[name] for name in services.names if name != services.balancer]
    return told + (f", with {' and '.join(beside)}" if beside else "")


def verdict_words(verdict: str, spec: TrialSpec, capacity: Capacity) -> str:
    """The verdict as a sentence."""
    objective = spec.slo.words()
    if verdict == "invalid":
        return "Nothing is concluded about the app: machine, generator or journeys were at fault, as is told below."
    if capacity.offered_rate_rps is None:
        return f"The objective ({objective}) is not met at any rate, not even at one request a second."
    if verdict == "violated":
        who = "app" if spec.subject.url else "plan"
        return (
            f"The {who} carries {rounded(capacity.offered_rate_rps)} requests/s at {objective}: less than the target."
        )
    return f"The objective ({objective}) is met up to {rounded(capacity.offered_rate_rps)} requests/s."


def limits_of_this(spec: TrialSpec) -> tuple[str, ...]:
    """What no study of a few minutes says, whatever its numbers."""
    shared = spec.plan.limits.cpu_kind != "dedicated"
    cpu = (
        "how fast this plan's CPU is against this machine's"
        + (", nor how much of a shared one the neighbours leave you" if shared else "")
        + ": the limits were the plan's, the processor was this machine's"
    )
    repeats = "fresh starts"
    if spec.subject.url:
        cpu = (
            "what the app would carry on another machine or plan: it was measured where it runs, with what it has there"
        )
        repeats = "repeats"
    return (
        cpu,
        f"what this machine would say at another hour: the interval is over {repeats} of one study, and on a shared "
        "machine the speed of memory moves between studies by more than that",
        "what happens over hours: memory that grows, caches that fill, vacuum and checkpoints",
        "how it is with more data than the trial's, another mix of operations, or a network and TLS in between",
        "errors rarer than about 1 in 3,000 requests",
        *_not_looked_for(spec),
    )


def _not_looked_for(spec: TrialSpec) -> tuple[str, ...]:
    what = "whether debugging, templates read anew or files from the app cost anything"
    if spec.subject.url or spec.subject.server.kind == "command" or not spec.subject.app:
        return (f"{what}: for that Seatrial must start the app by name (server.kind)",)
    return () if spec.measure.faults else (f"{what}: it was not looked at (measure.faults; --quick leaves it out)",)
