"""Advice about plans for a terminal."""

from collections.abc import Iterator

from seatrial.advise.advice import Advice, Offer, Refusal
from seatrial.report import advice_sentences as sentences
from seatrial.report.numbers import megabytes, money, people, percent, rate, rate_span, rounded
from seatrial.report.prose import capitalised, ended
from seatrial.report.text_blocks import filled, labelled, listed

__all__ = ["advice_text"]

LABEL_WIDTH = 13
GROUPS_TOLD = 6
IDS_TOLD = 3


def advice_text(advice: Advice, width: int = 80) -> str:
    """The advice in words, no line longer than `width` (at least 60), ending in a newline.

    What limits the numbers comes last, never left out.
    """
    width = max(60, width)
    blocks = [
        filled(f"{advice.subject}: {sentences.headline(advice)}", width),
        _facts(advice, width),
        _connections(advice, width),
        _refused(advice, width),
        _levels(advice, width),
        _ladder(advice, width),
        _changes(advice, width),
        listed("The words:", _words(advice), width),
    ]
    caveats = [f"{ended(each.text)} {each.next_step}".strip() for each in advice.caveats]
    if caveats:
        blocks.append(listed("What limits these numbers:", caveats, width))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _facts(advice: Advice, width: int) -> str:
    need = advice.need
    rows = [
        ("measured", _measured(advice)),
        ("access log", sentences.log_sentence(advice.log)),
        ("need", sentences.need_sentence(need) if need else ""),
    ]
    offer = advice.chosen or advice.probable or advice.best
    if offer is not None:
        rows += [
            ("plan" if offer is not advice.best else "largest", sentences.plan_words(offer.plan)),
            ("database", sentences.plan_words(offer.database) if offer.database else ""),
            ("carries", sentences.capacity_sentence(offer)),
            ("speed", f"{offer.speed_sentence} ({offer.speed_confidence})"),
            ("bad hours", sentences.bad_hours_sentence(offer, need)),
            ("burst", sentences.burst_sentence(offer, need)),
            ("memory", sentences.memory_sentence(offer, need)),
            ("connections", sentences.connections_sentence(offer)),
            ("gives way", sentences.gives_way_sentence(offer)),
            *(("beware", warning) for warning in offer.warnings),
        ]
    rows += [
        ("cheaper", sentences.probable_sentence(advice) if advice.chosen else ""),
        ("or else", sentences.runner_up_sentence(advice)),
        ("guesses", sentences.guesses_sentence(advice)),
    ]
    return "\n".join(labelled(label, text, width, LABEL_WIDTH) for label, text in rows if text)


def _measured(advice: Advice) -> str:
    span = rate_span(advice.measured_low_rps, advice.measured_high_rps)
    interval = f" ({span})" if span else ""
    return f"{rate(advice.measured_rps)} requests/s{interval} with {advice.server}; {advice.objective}."


def _connections(advice: Advice, width: int) -> str:
    """The sum, a term a line."""
    offer = advice.chosen or advice.probable
    if offer is None or offer.connections is None:
        return ""
    found = offer.connections
    names = [term.name for term in found.terms]
    wide = max(len(name) for name in [*names, "together"])
    lines = ["Database connections, at the worst moment:"]
    for term in found.terms:
        head = f"    {term.name:<{wide}}  {term.connections:>5}  "
        lines.append(filled(f"{term.reckoning}: {term.meaning}", width, head, " " * len(head)))
    lines.append(f"    {'together':<{wide}}  {found.total:>5}")
    return "\n".join(lines)


def _refused(advice: Advice, width: int) -> str:
    """Why the cheaper ones do not do, those with one reason together."""
    groups: dict[str, list[Refusal]] = {}
    for refusal in advice.refused:
        groups.setdefault(refusal.sentence, []).append(refusal)
    if not groups:
        return ""
    lines = [_group(sentence, group) for sentence, group in list(groups.items())[:GROUPS_TOLD]]
    if len(groups) > GROUPS_TOLD:
        left = sum(len(group) for group in list(groups.values())[GROUPS_TOLD:])
        lines.append(f"{left} more; --json has them all")
    title = "Why the cheaper ones do not do:" if advice.chosen else "Why the others do not do:"
    return listed(title, lines, width)


def _group(sentence: str, group: list[Refusal]) -> str:
    ids = ", ".join(refusal.plan_id for refusal in group[:IDS_TOLD])
    more = f" and {len(group) - IDS_TOLD} more" if len(group) > IDS_TOLD else ""
    prices = {money(group[0].usd_month), money(group[-1].usd_month)}
    cost = money(group[0].usd_month) if len(prices) == 1 else f"{group[0].usd_month:g} to {money(group[-1].usd_month)}"
    return f"{sentence}: {ids}{more} ({cost})"


def _levels(advice: Advice, width: int) -> str:
    if not advice.levels:
        return ""
    lines = ["If your people ask for less, or for more, than is typical:"]
    for level in advice.levels:
        head = f"    {level.name:<8} {rate(level.rate_rps):>8}/s  "
        plan = (
            f"{level.offer_id}, {money(level.usd_month)}" if level.offer_id else "no plan of the catalogue surely holds"
        )
        lines.append(filled(plan, width, head, " " * len(head)))
    return "\n".join(lines)


def _ladder(advice: Advice, width: int) -> str:
    if not advice.ladder:
        return ""
    lines = [f"What the plans carry, cheapest first, with {percent(advice.headroom)} kept free for the people:"]
    for offer in advice.ladder:
        head = f"    {offer.usd_month:>7,.2f} USD  "
        low, typical, high = advice.people_of(offer)
        # A single start has no interval.
        span, range_ = f" ({rate_span(offer.low_rps, offer.high_rps)})", f" ({people(low)} to {people(high)})"
        text = (
            f"{offer.id}: {rate(offer.capacity_rps)} requests/s{span if offer.low_rps else ''} with {offer.server}; "
            f"{people(typical)} people a day{range_ if offer.low_rps else ''}"
        )
        text += ", extrapolated" if offer.is_extrapolated else ""
        lines.append(filled(text, width, head, " " * len(head)))
    return "\n".join(lines)


def _changes(advice: Advice, width: int) -> str:
    """The changes that help most, with the gain and its interval."""
    items = []
    for change in advice.changes:
        low, point, high = (rounded(100 * (gain - 1), 2) for gain in change.gain)
        items.append(f"+{point} % ({low} to {high} %), to {rate(change.capacity_rps)}/s: {change.sentence}")
    return listed("What helps most there, by the model, one at a time:", items, width) if items else ""


def _words(advice: Advice) -> Iterator[str]:
    """What the words mean, with the numbers of this very answer."""
    offer: Offer | None = advice.chosen or advice.probable or advice.best or next(iter(advice.ladder), None)
    if offer is None:
        return
    yield (
        f"a worker is a process that runs your app; {offer.server} can work on {offer.workers * offer.threads} "
        "requests at once, and whoever comes then waits"
    )
    if advice.need is not None and offer.capacity_rps:
        usable = offer.capacity_rps * (1 - advice.headroom)
        yield (
            f"headroom is the share kept free for the unexpected: of {rate(offer.capacity_rps)} requests/s, "
            f"{rate(usable)} are counted on"
        )
        peak = advice.need.habits["peak_factor"][1]
        minute = advice.need.habits["peak_minute"][1]
        yield (
            f"the busiest hour asks for {peak:.2g} times the mean of the day, its busiest minute for {minute:.2g} "
            "times that again, which is what the headroom is for"
        )
    if offer.memory is not None:
        yield (
            f"memory is what app and database hold at once; {megabytes(offer.memory.system)} are kept back for the "
            "system"
        )
    if offer.plan.cpu_kind == "shared":
        yield capitalised("a shared vCPU is a processor that other customers use too, so it is slower at times")
