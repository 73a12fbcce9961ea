"""Mean value analysis of a closed network: a cross-check of the simulation, without its details. Pure."""

from collections.abc import Sequence

__all__ = ["closed_throughput_rps"]


def closed_throughput_rps(stations: Sequence[tuple[float, int]], delay_s: float, population: int) -> float:
    """Throughput of a fixed population that goes round: requests per second.

    stations: (demand in seconds, servers) of each, shared equally or first come first served with exponential service.
    delay_s: spent without queueing. Exact for single servers (Reiser and Lavenberg, Journal of the ACM 27, 1980):
    R_k(n) = D_k (1 + Q_k(n - 1)), X = n / (Z + sum of R_k), Q_k = X R_k. m servers are taken as one that is m times as
    fast, with a delay of D (m - 1) / m (Seidmann, Schweitzer and Shalev-Oren 1987), which is exact for one request and
    for very many. Neither slots nor a pool: what is held while something else is used has no product form.
    """
    demands_s = [demand_s / servers for demand_s, servers in stations]
    delay_s += sum(demand_s * (servers - 1) / servers for demand_s, servers in stations)
    queues, rate_rps = [0.0] * len(demands_s), 0.0
    for count in range(1, population + 1):
        times_s = [demand_s * (1.0 + queue) for demand_s, queue in zip(demands_s, queues, strict=True)]
        rate_rps = count / (delay_s + sum(times_s))
        queues = [rate_rps * time_s for time_s in times_s]
    return rate_rps
