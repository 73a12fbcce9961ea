"""Operational laws, closed-form queues and intervals: each function takes named quantities to a named quantity.

The operational laws are counting, not assumption (Denning and Buzen, "The Operational Analysis of Queueing Network
Models", ACM Computing Surveys 10(3), 1978). The closed forms stand beside the simulation in `queueing` as its checks.
"""

import math
from collections.abc import Mapping, Sequence

__all__ = [
    "allen_cunneen_response_quantile_s",
    "allen_cunneen_wait_mean_s",
    "erlang_c",
    "interval_over_starts",
    "mm1_response_quantile_s",
    "mmk_wait_mean_s",
    "population_inside",
    "processor_sharing_response_mean_s",
    "relaxation_time_s",
    "response_time_s",
    "service_demand_s",
    "student_t_quantile",
    "throughput_bound_rps",
    "utilization",
]


def utilization(throughput_rps: float, demand_s: float, servers: float = 1.0) -> float:
    """Busy share of a station: U = X D / m, the utilisation law; `servers` may be a fraction of a CPU."""
    return throughput_rps * demand_s / servers


def service_demand_s(busy_s: float, completions: int) -> float:
    """Seconds of a station that one request needs: D = B / C, the service demand law; CPU seconds over requests done.

    Raises ValueError when nothing was completed.
    """
    if completions <= 0:
        raise ValueError("a demand per request needs at least one completed request")
    return busy_s / completions


def population_inside(throughput_rps: float, response_time_mean_s: float) -> float:
    """Mean number of requests inside: N = X R (Little 1961)."""
    return throughput_rps * response_time_mean_s


def response_time_s(population: float, throughput_rps: float, think_time_s: float = 0.0) -> float:
    """Mean response time seen by a fixed population: R = N / X - Z, the response time law."""
    return population / throughput_rps - think_time_s


def throughput_bound_rps(
    demands_s: Mapping[str, tuple[float, float]],
    population: float | None = None,
    think_time_s: float = 0.0,
) -> tuple[float, str]:
    """Highest throughput any schedule could reach, and the station that sets it: X <= min(m/D), X <= N / (sum D + Z).

    demands_s: station -> (demand in seconds, servers). population: requests that can be inside at once; the station is
    "" when that sets the bound. Infinite when no station is used.
    """
    bound, station = math.inf, ""
    for name, (demand_s, servers) in demands_s.items():
        if demand_s > 0 and servers / demand_s < bound:
            bound, station = servers / demand_s, name
    if population is not None:
        cycle_s = sum(demand_s for demand_s, _ in demands_s.values()) + think_time_s
        if cycle_s > 0 and population / cycle_s < bound:
            bound, station = population / cycle_s, ""
    return bound, station


def erlang_c(servers: int, offered_load: float) -> float:
    """Probability that an arrival must wait in M/M/k: Erlang's C(k, a), with a = arrival rate x service time.

    By the stable recursion through Erlang B: B(0) = 1, B(j) = a B(j-1) / (j + a B(j-1)); C = B / (1 - (1 - B) a / k).
    1.0 when the offered load is not below the servers.
    """
    if offered_load >= servers:
        return 1.0
    blocking = 1.0
    for count in range(1, servers + 1):
        blocking = offered_load * blocking / (count + offered_load * blocking)
    return blocking / (1.0 - (1.0 - blocking) * offered_load / servers)


def mmk_wait_mean_s(arrival_rate_rps: float, service_s: float, servers: int) -> float:
    """Mean wait before service in M/M/k: C(k, a) S / (k (1 - rho)) (Erlang 1917); infinite when overloaded."""
    rho = utilization(arrival_rate_rps, service_s, servers)
    if rho >= 1.0:
        return math.inf
    return erlang_c(servers, arrival_rate_rps * service_s) * service_s / (servers * (1.0 - rho))


def mm1_response_quantile_s(arrival_rate_rps: float, service_s: float, quantile: float) -> float:
    """Quantile of the response time of M/M/1 first come first served: exponential with mean S / (1 - rho)."""
    rho = utilization(arrival_rate_rps, service_s)
    if rho >= 1.0:
        return math.inf
    return -math.log(1.0 - quantile) * service_s / (1.0 - rho)


def processor_sharing_response_mean_s(arrival_rate_rps: float, service_s: float) -> float:
    """Mean response time of M/G/1 processor sharing: S / (1 - rho), whatever the distribution of the service time.

    Kleinrock, "Time-shared Systems: A Theoretical Treatment", Journal of the ACM 14(2), 1967.
    """
    rho = utilization(arrival_rate_rps, service_s)
    return service_s / (1.0 - rho) if rho < 1.0 else math.inf


def allen_cunneen_wait_mean_s(
    arrival_rate_rps: float,
    service_s: float,
    servers: int,
    arrival_scv: float = 1.0,
    service_scv: float = 1.0,
) -> float:
    """Mean wait in G/G/k, Allen-Cunneen: the wait of M/M/k times (ca^2 + cs^2) / 2.

    Exact for M/M/k and for M/G/1 (Pollaczek-Khinchine); good at high load, high by some tens of per cent of a small
    wait at low load. *_scv: squared coefficients of variation.
    """
    return mmk_wait_mean_s(arrival_rate_rps, service_s, servers) * (arrival_scv + service_scv) / 2.0


def allen_cunneen_response_quantile_s(
    arrival_rate_rps: float,
    service_s: float,
    servers: int,
    quantile: float,
    *,
    arrival_scv: float = 1.0,
    service_scv: float = 1.0,
) -> float:
    """Quantile of the response time in G/G/k: an exponential tail with the Allen-Cunneen mean, plus one mean service.

    P(wait > t) = C exp(-C t / Wq). A cross-check to some 15 %, not an answer.
    """
    wait_s = allen_cunneen_wait_mean_s(arrival_rate_rps, service_s, servers, arrival_scv, service_scv)
    if math.isinf(wait_s):
        return math.inf
    waits = erlang_c(servers, arrival_rate_rps * service_s)
    if waits <= 1.0 - quantile:
        return service_s
    return service_s + wait_s / waits * math.log(waits / (1.0 - quantile))


def relaxation_time_s(service_s: float, rho: float, servers: float = 1.0) -> float:
    """How long a queue takes to forget how it started: 1 / (mu (1 - sqrt(rho))^2), for M/M/1.

    A trial near saturation must last several of these before its quantiles mean anything.
    """
    return math.inf if rho >= 1.0 else service_s / servers / (1.0 - math.sqrt(rho)) ** 2


def student_t_quantile(probability: float, degrees_of_freedom: int) -> float:
    """Quantile of Student's t for whole degrees of freedom, exact to 1e-9 (Abramowitz and Stegun 26.7.3, 26.7.4)."""
    if not 0.0 < probability < 1.0 or degrees_of_freedom < 1:
        raise ValueError("Student's t needs a probability inside (0, 1) and at least one degree of freedom")
    if probability < 0.5:
        return -student_t_quantile(1.0 - probability, degrees_of_freedom)
    low, high = 0.0, 1.0
    while _student_t_below(high, degrees_of_freedom) < probability:
        high *= 2.0
    for _ in range(100):
        middle = (low + high) / 2.0
        if _student_t_below(middle, degrees_of_freedom) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _student_t_below(t: float, degrees_of_freedom: int) -> float:
    """P(T <= t) for t >= 0 by the finite series in theta = atan(t / sqrt(df))."""
    theta = math.atan(t / math.sqrt(degrees_of_freedom))
    cosine2 = math.cos(theta) ** 2
    odd = degrees_of_freedom % 2 == 1
    term = math.cos(theta) if odd else 1.0
    total = term if degrees_of_freedom > 1 else 0.0
    for step in range(3 if odd else 2, degrees_of_freedom - 1, 2):
        term *= cosine2 * (step - 1) / step
        total += term
    within = 2.0 / math.pi * (theta + math.sin(theta) * total) if odd else math.sin(theta) * total
    return 0.5 + within / 2.0


def interval_over_starts(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float | None, float | None]:
    """Mean of one value per fresh start, and its interval by Student's t over the starts: (mean, low, high).

    The spread *between* restarts is what an interval must cover; the spread inside one run is smaller and misleads.
    low and high are None for a single run, which has no spread. Raises ValueError without values.
    """
    if not values:
        raise ValueError("an interval needs at least one run")
    count = len(values)
    mean = math.fsum(values) / count
    if count == 1:
        return mean, None, None
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    half = student_t_quantile(0.5 + confidence / 2.0, count - 1) * deviation / math.sqrt(count)
    return mean, mean - half, mean + half
