"""What a study says -> growth. Pure: the same study, catalogue and assumptions give the same answer."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from seatrial.advise.appraising import appraiser_of, at_once_of
from seatrial.advise.growth.assumptions import GROWTH_HABITS, Assumption, assumptions_with
from seatrial.advise.growth.cases import Case, typical_case
from seatrial.advise.growth.check import Shape, checked
from seatrial.advise.growth.data import data_laws
from seatrial.advise.growth.figures import Reckoner
from seatrial.advise.growth.findings import DataGrowth, FleetCheck, Growth, GrowthRow, GrowthStep, Span
from seatrial.advise.growth.inputs import GrowthInputs, Part, growth_inputs, seen_reads_per_write, split_mix
from seatrial.advise.growth.layout import Layout, connections_of
from seatrial.advise.growth.offers import offers_of
from seatrial.advise.growth.single import Machines
from seatrial.advise.growth.words import changes, data_sentence, growth_caveats, row_sentence, unknown_sentence
from seatrial.advise.need import FROM_LOG, OWN, headroom_of
from seatrial.measure.calibration_result import CalibrationResult
from seatrial.measure.study import Study
from seatrial.model.carrying import UNKNOWN_SPEED, CarryFactor
from seatrial.model.draws import Quantiles
from seatrial.model.population import DEFAULT_HABITS, peak_rate_rps
from seatrial.spec.catalog import Catalog
from seatrial.spec.plan import Plan

__all__ = ["USERS", "growth"]

USERS = (1e3, 1e4, 1e5, 1e6, 1e7)

STEPS_PER_DECADE = 24
FEWEST_USERS = 10.0


def growth(
    study: Study,
    plans: Catalog,
    overrides: Mapping[str, Quantiles],
    users: Sequence[float] = USERS,
    *,
    here: CalibrationResult | None = None,
    there: CalibrationResult | None = None,
    seen: Mapping[str, Quantiles] | None = None,
    headroom: float | None = None,
) -> Growth:
    """What each count of daily users needs, and what changes on the way.

    overrides: assumptions of the owner's. here, there: calibrations. seen: habits that an access log shows. headroom:
    kept free on a single machine, in place of the study's own.

    Raises:
        StudyError: the study does not say what a request costs, or what another plan would do.
        SpecError: an assumption that is not known or cannot be, or calibrations that cannot be compared.
    """
    inputs = growth_inputs(study)
    assumptions = _assumed(inputs, overrides, seen or {})
    laws = data_laws(inputs.sizes, inputs.operations, inputs.demands)
    said = _said_speed(overrides.get("cpu_speed"))
    at_once = at_once_of(inputs.spec, assumptions["requests_at_once"].typical)
    appraiser = appraiser_of(study, plans, here=here, there=there, carried=said, at_once=at_once)
    offers = offers_of(inputs.spec.plan, plans, appraiser.carried)
    machines = Machines(appraiser, plans, inputs.request_s, has_database=inputs.spec.subject.database.kind != "none")
    kept_free = headroom_of(inputs.spec) if headroom is None else headroom
    reckoner = Reckoner(inputs, laws, offers, assumptions, headroom=kept_free, machines=machines)
    habits = {name: assumptions[name].span for name in DEFAULT_HABITS}
    rates = peak_rate_rps(1.0, habits)
    typical = typical_case(assumptions, rates[1])
    rows = tuple(_row(reckoner, typical, count) for count in sorted(set(users)))
    findings, usable = inputs.findings, reckoner.load(1.0, typical)
    told = [row for row in rows if row.shape != "unknown"]
    return Growth(
        subject=findings.subject,
        server=findings.server,
        objective=findings.objective,
        provider=offers.provider,
        demand_ms=_demand_ms(inputs),
        write_share=usable.database.write_share,
        writes_from=inputs.writes_from if inputs.writes else "assumption",
        rows=rows,
        steps=_steps(reckoner, typical, rates, max(users)),
        data=DataGrowth(laws.sizes, dict(laws.kinds), data_sentence(laws)),
        assumptions=tuple(assumptions.values()),
        habits_share_of_cost=told[-1].numbers["usd_month"].habits_share if told else None,
        caveats=growth_caveats(
            inputs.writes_from if inputs.writes else "assumption",
            laws,
            is_speed_known=all(row.speed_confidence != UNKNOWN_SPEED for row in told),
            database=inputs.spec.subject.database.kind,
        ),
        prices=tuple(dict.fromkeys([*offers.sources, *(machines.price_source(row.host_plan) for row in told)])),
    )


def _assumed(
    inputs: GrowthInputs, overrides: Mapping[str, Quantiles], from_log: Mapping[str, Quantiles]
) -> Mapping[str, Assumption]:
    """Defaults, then what the access log or the study shows, then what its seatrial.toml said, then what the owner
    says now.
    """
    declared = {name: span for name, span in inputs.spec.habits.items() if name in GROWTH_HABITS}
    own = {**declared, **overrides}
    logged = {name: span for name, span in from_log.items() if name in GROWTH_HABITS and name not in own}
    found = dict(assumptions_with(own)) | {
        name: each for name, each in assumptions_with(logged, source=FROM_LOG).items() if name in logged
    }
    seen = seen_reads_per_write(inputs.demands, inputs.writes)
    if seen is not None and "reads_per_write" not in overrides:
        low, typical, high = (value / found["reads_per_write"].typical for value in found["reads_per_write"].span)
        found["reads_per_write"] = replace(
            found["reads_per_write"], low=seen * low, typical=seen * typical, high=seen * high, source="study"
        )
    return found


def _row(reckoner: Reckoner, typical: Case, users: float) -> GrowthRow:
    people = reckoner.people(users, typical)
    if unknown := reckoner.laws.unknown_at(people):
        why = unknown_sentence(unknown, max(reckoner.laws.sizes))
        return GrowthRow(users, "unknown", why, people, extrapolated=True)
    load, single = reckoner.load(users, typical), reckoner.single(users, typical)
    layout = reckoner.layout(users, typical)
    figures = dict(reckoner.typical_figures(users, typical))
    check = None
    if layout.shape == "fleet":
        parts = _parts(reckoner, typical, people, layout)
        shape = Shape(
            typical.values["peak_minute"], at_once_of(reckoner.inputs.spec, typical.values["requests_at_once"])
        )
        check = checked(load.rented(layout.host, layout.database), layout, reckoner.inputs, parts, shape)
        layout = _as_told(layout, check, reckoner, figures)
    smallest = reckoner.layout(FEWEST_USERS, typical).host.id
    capacity = None if single is None else Span(single.low_rps, single.capacity_rps, single.high_rps)
    return GrowthRow(
        daily_users=users,
        shape=layout.shape,
        host_plan=layout.host.id,
        database_plan=layout.database.id if layout.database else "",
        connection_limit=layout.database.connections if layout.database else None,
        people_with_account=people,
        extrapolated=reckoner.laws.is_extrapolated(people),
        sentence=row_sentence(
            layout,
            reckoner.hits(users, typical),
            reckoner.largest.id,
            is_smallest=layout.host.id == smallest,
            carries=capacity,
        ),
        check=check,
        capacity=capacity,
        speed_confidence=reckoner.machines.confidence(layout.host.id),
        numbers=reckoner.spans(users, typical, figures),
    )


def _said_speed(speed: Quantiles | None) -> Callable[[Plan], CarryFactor] | None:
    """The factor to every plan where the owner says how fast they are; None: what is known of each plan counts."""
    if speed is None:
        return None
    low, typical, high = speed
    told = CarryFactor(1.0 / typical, 1.0 / high, 1.0 / low, OWN, "The speed of its CPU is yours.")
    return lambda _plan: told


def _parts(reckoner: Reckoner, case: Case, people: float, layout: Layout) -> Sequence[Part]:
    """The mix with that much data, as it runs on the rented CPUs."""
    demands = reckoner.laws.demands_at(reckoner.inputs.demands, people, case.data_z)
    slower_app = layout.host.slower_at(case.speed_z)
    slower = slower_app if layout.database is None else layout.database.slower_at(case.speed_z)
    scaled = [
        replace(each, app_cpu_s=each.app_cpu_s * slower_app, database_cpu_s=each.database_cpu_s * slower)
        for each in demands
    ]
    return split_mix(scaled, reckoner.inputs.writes, case.values["reads_per_write"])


def _as_told(layout: Layout, check: FleetCheck, reckoner: Reckoner, figures: dict[str, float]) -> Layout:
    """The layout with the larger of the formula's and the simulation's machines; figures are brought up to it."""
    database = layout.database
    hosts, replicas = check.told_hosts, check.told_replicas
    further = (hosts - layout.hosts) * layout.host.usd_month
    if database is not None:
        further += (replicas - layout.replicas) * layout.shards * database.usd_month
    each = reckoner.inputs.workers_on(layout.host.cpus)
    connections = connections_of(reckoner.inputs, hosts, each, layout.job_workers)
    told = replace(
        layout,
        hosts=hosts,
        workers=hosts * each,
        replicas=replicas,
        connections=connections,
        usd_month=layout.usd_month + further,
    )
    for name in ("hosts", "workers", "replicas", "connections", "usd_month"):
        figures[name] = getattr(told, name)
    return told


def _steps(reckoner: Reckoner, typical: Case, rates: Quantiles, most: float) -> tuple[GrowthStep, ...]:
    """What changes first, second and so on, at how many users, up to `most`; by the formulas."""
    found: dict[str, GrowthStep] = {}
    decades = math.log10(most / FEWEST_USERS)
    before = reckoner.layout(FEWEST_USERS, typical)
    for place in range(1, math.ceil(max(0.0, decades) * STEPS_PER_DECADE) + 1):
        users = min(most, FEWEST_USERS * 10 ** (place / STEPS_PER_DECADE))
        if reckoner.laws.unknown_at(reckoner.people(users, typical)):
            break
        after = reckoner.layout(users, typical)
        for name, sentence in changes(before, after):
            if name not in found:
                found[name] = _step(users, rates, sentence)
        before = after
    return tuple(found.values())


def _step(users: float, rates: Quantiles, sentence: str) -> GrowthStep:
    """The same rate comes from fewer people who visit often, or from more who seldom do."""
    low, typical, high = rates
    return GrowthStep(users * typical / high, users, users * typical / low, sentence)


def _demand_ms(inputs: GrowthInputs) -> Span:
    total = 1000.0 * inputs.request_s
    return Span(total * (1.0 - inputs.demand_half), total, total * (1.0 + inputs.demand_half), 0.0)
