"""What a fleet is and what changes on the way to it, in sentences with its own numbers. Pure."""

from collections.abc import Sequence

from seatrial.advise.growth.data import DataLaws
from seatrial.advise.growth.findings import Span
from seatrial.advise.growth.layout import SPARE_HOSTS, Layout
from seatrial.measure.figures import rounded

__all__ = ["changes", "data_sentence", "growth_caveats", "row_sentence", "unknown_sentence"]


def row_sentence(
    layout: Layout, hits: float | None, largest: str, *, is_smallest: bool, carries: Span | None = None
) -> str:
    """What a row's typical case is. hits: share of reads that a cache must answer so that one server of `largest` is
    database enough; None: it never is. carries: of a single machine.
    """
    if layout.shape != "fleet":
        name = f"{layout.host.id}, {_price(layout.usd_month)} a month"
        room = ""
        if carries is not None and carries.typical is not None:
            low, high = rounded(carries.low or 0.0), rounded(carries.high or 0.0)
            room = f" It carries {rounded(carries.typical)} requests/s ({low} to {high})."
        if layout.database is not None:
            return f"One machine and a managed database ({layout.host.id} + {layout.database.id}, " + (
                f"{_price(layout.usd_month)} a month) do it.{room}"
            )
        if is_smallest:
            return f"One machine does it{_with_database(layout)} ({name}): do not buy anything more.{room}"
        return f"One machine still does it, a larger one ({name}).{room}"
    parts = [_hosts_words(layout), *([_database_words(layout)] if layout.database else [])]
    if (layout.replicas or layout.shards > 1) and hits:
        parts.append(
            f"Or a cache: if it answers {100 * hits:.0f} % of the reads, one database server ({largest}) is enough."
        )
    if _too_many_connections(layout):
        parts.append(_pooler_words(layout))
    return " ".join(parts)


def changes(before: Layout, after: Layout) -> Sequence[tuple[str, str]]:
    """What is in `after` and was not in `before`: (name of the change, sentence)."""
    found = []
    if after.shape == "machine and database":
        if before.shape == "one machine":
            words = f"PostgreSQL as a managed database beside one machine: {after.host.id} and "
            found.append(("database apart", f"{words}{after.database.id if after.database else ''}."))
        return found
    if after.shape == "one machine":
        if after.host.id != before.host.id:
            price = _price(after.usd_month)
            found.append((f"host {after.host.id}", f"A larger machine: {after.host.id}, {price} a month."))
        return found
    if before.shape != "fleet":
        found.append(
            (
                "fleet",
                "One machine is not enough: several app hosts behind a load balancer, one more than the load needs "
                f"so that one may fail{', and PostgreSQL on a server of its own' if after.database else ''}.",
            )
        )
    if after.replicas and not before.replicas:
        words = "Reads outgrow one database server: read replicas, or a cache in front of it."
        found.append(("replicas", words))
    if after.shards > 1 >= before.shards:
        words = (
            "What only a primary can do outgrows the largest database server on offer: the data is split over shards, "
            "which the app must know of."
        )
        found.append(("shards", words))
    if _too_many_connections(after) and not _too_many_connections(before):
        found.append(("pooler", _pooler_words(after)))
    return found


def data_sentence(laws: DataLaws) -> str:
    """How demands were carried to more data, or that they were not."""
    if not laws.laws:
        return (
            "Demands are taken as they are with the trial's own data, however many people there will be. That is a "
            "guess: how they grow was not measured (measure.sizes would)."
        )
    linear = [name for name, kind in laws.kinds.items() if kind == "linear"]
    growing = [name for name, kind in laws.kinds.items() if kind == "logarithmic"]
    sizes = ", ".join(f"{size:,.0f}" for size in laws.sizes)
    words = [f"Demands were measured with {sizes} people and carried to more."]
    if growing:
        words.append(f"Growing as a search in an index does: {', '.join(sorted(growing))}.")
    if not growing and not linear:
        words.append("None grows with the data.")
    if linear:
        words.append(
            f"Growing as fast as the table itself: {', '.join(sorted(linear))}. That is a missing index, not a reason "
            "to buy machines."
        )
    return " ".join(words)


def unknown_sentence(operations: Sequence[str], largest: float) -> str:
    """Why there is no number."""
    verb = "grows" if len(operations) == 1 else "grow"
    return (
        f"No number beyond {largest:,.0f} people: {', '.join(operations)} {verb} with the table. An index is missing; "
        "add it and measure again."
    )


def growth_caveats(writes_from: str, laws: DataLaws, *, is_speed_known: bool, database: str) -> tuple[str, ...]:
    """What limits all these numbers."""
    found = []
    if database == "url":
        found.append("the CPU of your own database server was not read, so databases are left out of all this")
    if writes_from == "assumption":
        found.append("which requests write is not known, so every operation is taken to write as often as another")
    if writes_from == "statements":
        found.append("an operation counts as writing if the database's log showed an INSERT, UPDATE or DELETE in it")
    if laws.laws:
        found.append("demands with more data come from requests sent one at a time, scaled as the load scaled them")
    if not is_speed_known:
        found.append("how fast the rented CPU is against this one is not known: it is taken as 0.6 to 1.4 times")
    found += [
        "background jobs are counted in fleets only: of one machine, what ran while it was measured is in its capacity",
        "a standby for a database that fails is not counted: it doubles the database's part",
        "disk, traffic, e-mail, pictures, backups and people's time are not in the cost",
        "what more data does to PostgreSQL's own memory and disk: the demands are those of data that fits",
    ]
    return tuple(found)


def _with_database(layout: Layout) -> str:
    return ", the database on it too" if layout.shards else ""


def _hosts_words(layout: Layout) -> str:
    return (
        f"{layout.hosts} app hosts ({layout.host.id}) with {layout.workers} workers behind a load balancer, "
        f"{SPARE_HOSTS} of them in reserve."
    )


def _database_words(layout: Layout) -> str:
    name = layout.database.id if layout.database else ""
    replicas = f"{layout.replicas} replica{'' if layout.replicas == 1 else 's'}"
    if layout.shards > 1:
        each = f", each with {replicas}" if layout.replicas else ""
        return f"The data split over {layout.shards} database servers (shards, {name}){each}."
    if layout.replicas:
        return f"One primary database and {replicas} that answer reads ({name})."
    return f"One database server ({name})."


def _too_many_connections(layout: Layout) -> bool:
    return layout.database is not None and layout.connections > layout.database.connections


def _pooler_words(layout: Layout) -> str:
    allowed = layout.database.connections if layout.database else 0
    return (
        f"{rounded(layout.connections, 2)} connections during a deploy are more than the {allowed} that the database "
        "allows: a pooler (PgBouncer) between them."
    )


def _price(usd_month: float) -> str:
    return f"{usd_month:,.0f} USD" if usd_month == round(usd_month) else f"{usd_month:,.2f} USD"
