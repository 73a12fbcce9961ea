"""The page of levers as Chromium lays it out: its table fits, on a phone and a desktop."""

from browser import chromium_browser

from seatrial.advise.levers.effect import Effect
from seatrial.advise.levers.findings import LeverFindings, LeverRow, Now
from seatrial.measure.lever_record import Forecast
from seatrial.report.levers_page import levers_html

WIDTHS = (320, 390, 768, 960, 1024, 1280)
CUT = """() => [...document.querySelectorAll('.scroll')].map(each => each.scrollWidth - each.clientWidth)"""
SEEN = """() => [...document.querySelectorAll('.levers td')].every(each => {
    const {left, right} = each.getBoundingClientRect();
    return left >= 0 && right <= document.documentElement.clientWidth;
})"""


def findings() -> LeverFindings:
    """Three levers whose numbers and names are as wide as they come."""

    def effect(before: float) -> Effect:
        return Effect(before, before * 1.234, 1.234, 0.789, 1.944, "cannot tell", 4)

    effects = {
        "saturated_rps": effect(12_345.0),
        "cpu_s": effect(0.1234),
        "response_time_s": effect(1.2345),
        "memory_bytes": effect(777e6),
    }
    names = ("kept pages", "a-rather-long-lever-of-my-own", "anotherwithoutasingleplacetobreakit")
    rows = tuple(
        LeverRow(name, "About.", "", "", False, "does not work", effects, Forecast(1.2, 1.0, 1.4), (), failure="No.")
        for name in names
    )
    return LeverFindings(
        subject="shop",
        plan="plan",
        server="1 worker",
        objective="p95 < 500 ms",
        created_at="2026-11-29",
        now=Now(12_345.0, 12.3, 123.4, 777.0, 9),
        fixed_rate_rps=8_641.0,
        quantile=0.95,
        rows=rows,
        combination=None,
        refused={},
        left_out=(),
        budget_s=60.0,
        spent_s=60.0,
        starts=9,
        margins={"saturated_rps": 0.05, "response_time_s": 0.2},
        complete=True,
    )


def test_every_column_of_the_table_is_within_the_page(tmp_path) -> None:
    file = tmp_path / "levers.html"
    file.write_text(levers_html(findings()), encoding="utf-8")
    with chromium_browser() as browser:
        page = browser.new_page()
        page.goto(file.as_uri())
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(CUT) == [0], width
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(SEEN), width
