"""Everything known of one plan, for a terminal."""

from datetime import date

from seatrial.model.steadiness import noises_of, steadiness_of
from seatrial.report.numbers import megabytes
from seatrial.report.plan_words import MORE, NOT_KNOWN, age_warning, burst_sentences, price_words, trust_words
from seatrial.report.text_blocks import filled, labelled, listed
from seatrial.spec.catalog import Catalog
from seatrial.spec.plan import Plan

__all__ = ["BENCHMARK_CREDIT", "plan_page"]

LABEL_WIDTH = 13

BENCHMARK_CREDIT = (
    "Speed and steadiness: derived from the benchmark results of Spare Cores and contributors "
    "(https://github.com/SpareCores/sc-inspector-data), licence CC BY-SA 4.0: who passes them on names them and keeps "
    "that licence."
)


def plan_page(plan: Plan, plans: Catalog, *, today: date, width: int = 80) -> str:
    """The plan's facts, one a line, "not known" for what is absent; then what to beware of, then whose data it is."""
    limits, source = plan.limits, plans.source_of[plan.id]
    price = f"{price_words(plan)} USD a month, before tax" if plan.price.usd_month is not None else NOT_KNOWN
    rows = [
        ("provider", f"{plan.provider}, {plan.product}" if plan.product else plan.provider),
        ("name", plan.name),
        ("price", price),
        ("read", f"{plan.price.as_of}, from {source.where}"),
        ("trust", f"{trust_words(source)}{'. ' + source.note if source.note else ''}"),
        ("vCPUs", f"{limits.cpus:g}, {limits.cpu_kind}" if limits.cpus else f"{NOT_KNOWN} ({limits.cpu_kind})"),
        *(("burst", sentence) for sentence in burst_sentences(plan)),
        ("memory", megabytes(limits.memory_bytes) if limits.memory_bytes else NOT_KNOWN),
        ("disk", f"{plan.disk_gb:g} GB" if plan.disk_gb is not None else NOT_KNOWN),
        ("connections", _connections(plan)),
        ("instances", f"at most {plan.max_instances} side by side" if plan.max_instances is not None else ""),
        *_more(plan, plans),
        ("note", plan.note),
        *(("speed", sentence) for sentence in _speeds(plan, plans)),
        ("steadiness", _steadiness(plan, plans)),
        ("yours", _own(plan, plans)),
    ]
    blocks = [plan.id, "\n".join(labelled(label, text, width, LABEL_WIDTH) for label, text in rows if text)]
    warning = age_warning(plan, today)
    if warning:
        blocks.append(listed("Beware:", [warning], width))
    if _speeds(plan, plans) or noises_of(plan, plans):
        blocks.append(filled(BENCHMARK_CREDIT, width))
    return "\n\n".join(blocks) + "\n"


def _connections(plan: Plan) -> str:
    most = plan.connections_max
    if most is not None:
        return f"at most {most} to the database at once: workers x pools of all instances must fit, twice in a deploy"
    return NOT_KNOWN if "postgres" in plan.product.lower() else ""


def _more(plan: Plan, plans: Catalog) -> list[tuple[str, str]]:
    found = []
    for name, (label, words) in MORE.items():
        value = plan.extra.get(name, "")
        source = plans.sources.get(value) if name.endswith("_source") else None
        shown = source.sentence() if source is not None else _plainly(value)
        found.append((label, words.format(shown) if value else ""))
    return found


def _plainly(value: str) -> str:
    """A number without an exponent, with thousands apart; any other text as it is."""
    try:
        return f"{float(value):,.9f}".rstrip("0").rstrip(".")
    except ValueError:
        return value


def _speeds(plan: Plan, plans: Catalog) -> list[str]:
    return [
        f"one {speed.server} with {speed.cpu_model}, {speed.measured}: PassMark single-thread {speed.passmark_st:g}"
        + (f", Geekbench 6 single-core {speed.geekbench6_st:g}" if speed.geekbench6_st is not None else "")
        for speed in plans.cpu_speeds
        if speed.plan_id == plan.id
    ]


def _steadiness(plan: Plan, plans: Catalog) -> str:
    found = steadiness_of(plan, None, plans)
    return found.sentence if found is not None else f"{NOT_KNOWN}: no server with such vCPUs was watched"


def _own(plan: Plan, plans: Catalog) -> str:
    names = plans.own.get(plan.id, ())
    return f"from your own file: {', '.join(names)}" if names else ""
