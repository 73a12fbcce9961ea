"""What is assumed of users when their owner says nothing: from daily users to requests in the peak hour."""

from collections.abc import Mapping

__all__ = ["USUAL_HABITS"]

# Published figures for social and content sites: sessions 1.2 (content site) to 13.8 (Facebook) a day; 3.2 requests
# a page (Stack Exchange 2016); busiest hour 1.5-1.75 times the mean (Stack Exchange 2013) to 3.2 times (Twitter 2007).
# Of a month's people 0.1 to 0.2 come on a day to a new product, 0.5 to the largest. The minute within the hour and the
# requests at once are assumptions: measure the latter in a browser.
USUAL_HABITS: Mapping[str, tuple[float, float, float]] = {
    "sessions_per_day": (1.2, 3.0, 14.0),
    "requests_per_session": (8.0, 20.0, 60.0),
    "peak_factor": (1.7, 3.0, 6.0),
    "peak_minute": (1.0, 1.5, 3.0),
    "requests_at_once": (1.0, 3.0, 8.0),
    "daily_share": (0.1, 0.2, 0.5),
    "headroom": (0.3, 0.3, 0.3),
}
"""Habit -> (low, typical, high): the 5 %, 50 % and 95 % points of what a site may see.

peak_factor: the busiest hour's rate over the day's mean. peak_minute: the busiest minute's rate over that hour's.
requests_at_once: requests that one page sends side by side. daily_share: of those who come in a month, who come on a
day. headroom: the share of capacity kept free."""
