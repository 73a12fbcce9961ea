"""The templates of the pages: every text in them is escaped, and nothing that is missing goes unnoticed."""

from functools import lru_cache
from pathlib import Path

import jinja2

from seatrial.report import numbers, prose

__all__ = ["template"]


def template(name: str) -> jinja2.Template:
    """A template of this folder, such as `report.html.j2`."""
    return _environment().get_template(name)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        rate=numbers.rate,
        ms=numbers.milliseconds,
        mb=numbers.megabytes,
        people=numbers.people,
        percent=numbers.percent,
        together=prose.kept_together,
        capitalised=prose.capitalised,
        ended=prose.ended,
    )
    return environment
