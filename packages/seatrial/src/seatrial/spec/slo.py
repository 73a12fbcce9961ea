"""The service level objective."""

from dataclasses import dataclass

__all__ = ["SLO"]


@dataclass(frozen=True, slots=True)
class SLO:
    """Met when `latency_quantile` of all requests are answered rightly within `latency_max_s`, and wrong answers stay
    rare.

    A request that failed or timed out counts as slower than any limit. error_ratio_max: wrong or missing answers per
        request.
    """

    latency_quantile: float = 0.95
    latency_max_s: float = 0.5
    error_ratio_max: float = 0.001

    def words(self) -> str:
        """The objective as a phrase: `95 % of answers within 500 ms`."""
        return f"{self.latency_quantile * 100:g} % of answers within {self.latency_max_s * 1000:g} ms"
