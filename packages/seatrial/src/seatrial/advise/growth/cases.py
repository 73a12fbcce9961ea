"""Cases: one value for everything that is assumed or measured with a spread, drawn at random or all typical. Pure."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from seatrial.advise.growth.assumptions import Assumption
from seatrial.advise.growth.data import DataLaws
from seatrial.advise.growth.inputs import GrowthInputs, mix_of, split_mix
from seatrial.advise.growth.layout import Load
from seatrial.model.draws import Z_95, latin_columns
from seatrial.model.population import SECONDS_PER_DAY
from seatrial.model.replicas import DatabaseWork

__all__ = ["Case", "drawn_cases", "load_of", "people_with_account", "typical_case"]

Z_975 = 1.959963984540054
SEED = 20_262


@dataclass(frozen=True, slots=True)
class Case:
    """values: assumption -> value. rate_per_user: requests per second in the busiest hour that one daily user causes.

    demand_factor: on all demands, from their spread over fresh starts. data_z: standard errors of how demands grow
    with the data. speed_z: of how fast rented CPUs are. is_known: drawn, so that whoever decides knows all of it.
    """

    values: Mapping[str, float]
    rate_per_user: float
    demand_factor: float = 1.0
    data_z: float = 0.0
    speed_z: float = 0.0
    is_known: bool = False


def typical_case(assumptions: Mapping[str, Assumption], rate_per_user: float) -> Case:
    """Everything typical; the rate is the median of its draws, which is not the product of typical habits."""
    return Case({name: each.typical for name, each in assumptions.items()}, rate_per_user)


def drawn_cases(
    assumptions: Mapping[str, Assumption],
    demand_half: float,
    draws: int,
    typical_rate: float,
    *,
    habits: bool = True,
    machines: bool = True,
) -> Iterator[Case]:
    """Random cases. habits, machines: False keeps those of people, or all others, at what is typical.

    The columns are the same whatever is kept, so that the parts of a variance can be told from each other.
    """
    names = list(assumptions)
    own = [assumptions[name].span for name in names]
    spread = demand_half / Z_975 * Z_95
    standard = (math.exp(-Z_95), 1.0, math.exp(Z_95))
    columns = latin_columns([*own, (math.exp(-spread), 1.0, math.exp(spread)), standard, standard], draws, SEED)
    for row in zip(*columns, strict=True):
        drawn = dict(zip(names, row, strict=False))
        values = {
            name: drawn[name] if (habits if assumptions[name].is_habit else machines) else assumptions[name].typical
            for name in names
        }
        rate = _rate_per_user(values) if habits else typical_rate
        if machines:
            factor, data_z, speed_z = row[-3], math.log(row[-2]), math.log(row[-1])
            yield Case(values, rate, factor, data_z, speed_z, is_known=True)
        else:
            yield Case(values, rate, is_known=True)


def people_with_account(users: float, case: Case) -> float:
    """How many people's data there are: those of a month, of whom so many come on a day."""
    return users / case.values["daily_share"]


def load_of(users: float, case: Case, inputs: GrowthInputs, laws: DataLaws, headroom: float) -> Load:
    """What so many daily users ask for in the busiest hour, in CPU seconds of the study."""
    values = case.values
    demands = laws.demands_at(inputs.demands, people_with_account(users, case), case.data_z)
    mix = mix_of(split_mix(demands, inputs.writes, values["reads_per_write"]))
    slower = case.demand_factor
    rate = users * case.rate_per_user
    return Load(
        rate_rps=rate,
        app_s=mix.app_s * slower,
        database=DatabaseWork(
            mix.write_share,
            read_s=mix.read_s * slower,
            write_s=mix.write_s * slower,
            apply_s=mix.write_s * slower * values["apply_cost_share"],
            primary_read_share=mix.after_write_share,
        ),
        job_rate_per_s=rate * mix.write_share * values["jobs_per_write"],
        utilization_limit=values["utilization_limit"],
        headroom=headroom,
        people=max(1, round(users)),
        speed_z=case.speed_z,
    )


def _rate_per_user(values: Mapping[str, float]) -> float:
    return values["sessions_per_day"] * values["requests_per_session"] * values["peak_factor"] / SECONDS_PER_DAY
