"""Advice about plans in sentences, each with the reader's own numbers."""

from seatrial.advise.advice import Advice, MemoryShare, Offer, PlanRow, Standing
from seatrial.advise.log_summary import LogSummary
from seatrial.advise.need import ASSUMED, FROM_LOG, OWN, Need
from seatrial.model.stations import STATIONS
from seatrial.report.numbers import megabytes, money, people, percent, rate, rate_span, rounded

__all__ = [
    "bad_hours_sentence",
    "burst_sentence",
    "capacity_sentence",
    "connections_sentence",
    "gives_way_sentence",
    "guesses_sentence",
    "headline",
    "log_sentence",
    "memory_sentence",
    "need_sentence",
    "plan_words",
    "probable_sentence",
    "runner_up_sentence",
]

PLATFORMS = ("App Platform", "Dyno", "Web service", "Machine")

MEBIBYTE = 1024 * 1024

FROM = {ASSUMED: "assumed", OWN: "yours", FROM_LOG: "from your access log"}


def headline(advice: Advice) -> str:
    """The answer in a sentence or two."""
    need, chosen = advice.need, advice.chosen
    if need is None:
        return "Nobody said how many people there are, so this is what the plans carry."
    if chosen is not None:
        room = f"{rounded(chosen.low_rps / need.rate_rps, 2)} times what the busiest hour asks for"
        if advice.is_cheapest:
            return (
                f"Do not buy anything larger: {chosen.id}, the cheapest machine there is here, does it. Even at the "
                f"low end it carries {room}."
            )
        return f"{chosen.id} is the cheapest that holds. Even at the low end it carries {room}."
    if advice.probable is not None:
        return f"No plan surely holds; {advice.probable.id} probably does."
    if advice.best is None:
        return "No plan of the catalogue can be reckoned with."
    most = advice.best.capacity_rps or 0.0
    return (
        f"No plan of the catalogue holds. The largest, {advice.best.id}, carries {rate(most)} requests/s, and "
        f"{rate(need.capacity_rps)} are needed: that takes several machines. See: seatrial advise STUDY --growth"
    )


def need_sentence(need: Need) -> str:
    """What is asked for, from whom, and what a plan must carry for it."""
    must = f"With {percent(need.headroom)} kept free, a plan must carry {rate(need.capacity_rps)}/s."
    low, typical, high = need.people
    if need.daily_users is None:
        who = f"That is about {people(typical)} people a day ({people(low)} to {people(high)})."
        return f"{rate(need.rate_rps)} requests/s in the busiest hour, as asked. {who} {must}"
    span = rate_span(need.low_rps, need.high_rps)
    return (
        f"{rate(need.rate_rps)} requests/s in the busiest hour of {people(need.daily_users)} people a day ({span}: "
        f"people differ). {must}"
    )


def plan_words(plan: PlanRow) -> str:
    """Provider, name, size, price and the price's date."""
    name = " ".join(part for part in (plan.provider, plan.product, plan.name) if part)
    cpus = f"{plan.cpus:g} {plan.cpu_kind} vCPU{'s' if plan.cpus > 1 else ''}, " if plan.cpus else ""
    memory = f"{megabytes(plan.memory_bytes)}, " if plan.memory_bytes else ""
    return f"{name}: {cpus}{memory}{money(plan.usd_month)} (price as of {plan.price_as_of})."


def capacity_sentence(offer: Offer) -> str:
    """What it carries, with which server."""
    if offer.capacity_rps is None:
        return f"No rate meets the objective with {offer.server}."
    span = rate_span(offer.low_rps, offer.high_rps) if offer.low_rps else ""
    interval = f" ({span} in 19 of 20 cases)" if span else ""
    mark = " Extrapolated: it is more than four times what was measured." if offer.is_extrapolated else ""
    rates = f"{rate(offer.capacity_rps)} requests/s{interval}"
    return f"{rates} with {offer.server}; one worker more adds next to nothing.{mark}"


def memory_sentence(offer: Offer, need: Need | None = None) -> str:
    """What app and database take of what the plan leaves them, and what happens above it."""
    share = offer.memory
    if share is None:
        return "Not known: it could not be read where the app was measured."
    low, high = f"{share.low / MEBIBYTE:,.0f}", megabytes(share.high)
    both = "The app" if offer.database else "App and database"
    text = (
        f"{both} take {megabytes(share.point)} ({low} to {high}) of the {megabytes(share.available)} left beside the "
        f"system's {megabytes(share.system)}; each further worker {megabytes(share.worker)}"
    )
    if share.connection:
        text += f" and each connection {share.connection / MEBIBYTE:.1f} MB"
    if offer.plan.product.startswith(PLATFORMS):
        end = "Above the limit the platform ends the instance and starts it again: the requests in it are lost."
    else:
        end = (
            "At the limit the kernel ends the process that is largest: mostly a worker, whose requests are lost "
            "while gunicorn starts another. With swap everything becomes slow instead."
        )
    return f"{text}.{_growth(share, need)} {end}"


def _growth(share: MemoryShare, need: Need | None) -> str:
    """How long what each request leaves behind takes to fill the room."""
    if not share.request:
        return ""
    text = f" Each request leaves {rounded(share.request)} bytes behind"
    room = share.available - share.high
    if need is not None and room > 0:
        hours = room / (share.request * need.rate_rps) / 3600.0
        text += f": at the busiest hour's rate the room is used up after {rounded(hours, 2)} hours"
    return f"{text}. gunicorn's --max-requests starts workers afresh before that."


def connections_sentence(offer: Offer) -> str:
    """The sum against the limit."""
    found = offer.connections
    if found is None:
        return ""
    if offer.database is not None:
        limit = f"of the {found.limit} that {offer.database.id} allows" if found.limit else "; its limit is not known"
    elif found.fits:
        limit = f"of the {found.limit} that PostgreSQL allows as it comes"
    else:
        limit = f"where PostgreSQL allows {found.limit} as it comes: set max_connections = {found.total}"
    return f"At most {found.total} {limit}."


def gives_way_sentence(offer: Offer) -> str:
    """What is full first when more people come, and what next."""
    if not offer.gives_way:
        return ""
    phrases = []
    for place, station in zip(("First", "then"), offer.gives_way, strict=False):
        busy = offer.utilization.get(station)
        told = f" ({percent(min(1.0, busy))} busy at that rate)" if busy is not None else ""
        phrases.append(f"{place} {STATIONS.get(station, station)}{told}")
    return f"{', '.join(phrases)}."


def bad_hours_sentence(offer: Offer, need: Need | None) -> str:
    """What is left in the slowest twentieth of a day; "" where nobody watched such a machine, or it is steady."""
    bad = offer.bad_hours_rps
    if bad is None or offer.capacity_rps is None or bad > 0.95 * offer.capacity_rps:
        return ""
    text = f"In the slowest twentieth of a day, when neighbours are busy, such a machine carries {rate(bad)} requests/s"
    if need is not None and bad < need.rate_rps:
        text += f", less than the {rate(need.rate_rps)} of the busiest hour: if both come together, people wait"
    return f"{text}."


def burst_sentence(offer: Offer, need: Need | None) -> str:
    """The two speeds of a burst plan; "" for others."""
    if offer.burst_rps is None:
        return ""
    text = f"These rates are for ever. While its burst lasts, it carries {rate(offer.burst_rps)} requests/s"
    if offer.burst_s is not None and need is not None and offer.burst_s != float("inf"):
        text += f"; at {rate(need.rate_rps)} that is {offer.burst_s / 60:.0f} minutes"
    return f"{text}."


def runner_up_sentence(advice: Advice) -> str:
    """The next that holds."""
    offer = advice.runner_up
    if offer is None:
        return ""
    return (
        f"{offer.id} ({offer.plan.provider}), {money(offer.usd_month)}: {rate(offer.capacity_rps)} requests/s "
        f"({rate_span(offer.low_rps, offer.high_rps)}) with {offer.server}."
    )


def probable_sentence(advice: Advice) -> str:
    """A cheaper one that only probably does, and why it is no more than that."""
    offer, need = advice.probable, advice.need
    if offer is None or need is None or offer.standing(need.capacity_rps) != Standing.PROBABLY:
        return ""
    return (
        f"{offer.id}, {money(offer.usd_month)}, probably does: {rate(offer.capacity_rps)} requests/s would be enough, "
        f"but it may be as few as {rate(offer.low_rps)}."
    )


def guesses_sentence(advice: Advice) -> str:
    """Which assumption about people matters most, and how much of the whole range is people."""
    need = advice.need
    if need is None or not need.shares:
        return ""
    if not any(need.shares.values()):
        known = (f"{_spaced(name)} {need.habits[name][1]:.3g} ({FROM[need.sources[name]]})" for name in need.shares)
        return f"None about people: {', '.join(known)}."
    parts = []
    for name, share in need.shares.items():
        low, typical, high = need.habits[name]
        source = FROM[need.sources[name]]
        parts.append(f"{_spaced(name)} {typical:.3g} ({low:.3g} to {high:.3g}, {source}): {percent(share)}")
    text = f"Of what is not known of people, {'; '.join(parts)}."
    if advice.people_share is not None:
        text += (
            f" People bring {percent(advice.people_share)} of the whole range, the model and the processor "
            f"{percent(1 - advice.people_share)}."
        )
    if ASSUMED in {need.sources[name] for name in need.shares}:
        text += " An access log of yours replaces these guesses: --access-log FILE."
    return text


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def log_sentence(log: LogSummary | None) -> str:
    """What the access log showed."""
    if log is None:
        return ""
    text = f"{log.lines:,} lines of {log.days} days, {log.whole_days} of them whole"
    if log.visitors_per_day is not None and log.requests_per_day is not None and not log.is_behind_proxy:
        text += (
            f": {people(log.visitors_per_day)} visitors a day (addresses with a browser, which is near people and no "
            f"more), {rounded(log.requests_per_day)} requests to the app"
        )
    text += f". {percent(log.static_share)} were files, {percent(log.robot_share)} programs that say so."
    if log.malformed:
        text += f" {log.malformed:,} lines could not be read, the first is line {log.first_malformed:,}."
    if log.is_behind_proxy:
        text += (
            " All came from one address, that of a proxy: visitors could not be told apart. Use the proxy's own log."
        )
    if not log.whole_days:
        text += " No day is whole, so the busiest hour is still assumed."
    return text
