"""The page as Chromium lays it out: on a phone and a desktop, in the light and in the dark."""

import itertools

import pytest
from browser import chromium_browser

from seatrial.report.html import report_html

WIDTHS = (320, 390, 768, 1280)
OVERHANG = """() => [...document.querySelectorAll('body *')]
    .filter(each => each.getClientRects().length && !each.closest('.scroll') && !each.closest('svg'))
    .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(each => each.outerHTML.slice(0, 120))"""
CHART = """() => {
    const chart = [...document.querySelectorAll('svg.chart')].find(each => each.getClientRects().length);
    const box = each => {
        const {left, top, right, bottom} = each.getBoundingClientRect();
        return [left, top, right, bottom];
    };
    return {frame: box(chart), texts: [...chart.querySelectorAll('text')].map(each => [each.textContent, box(each)])};
}"""
CONTRAST = """() => {
    const linear = value => value <= .03928 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4;
    const channel = value => linear(value / 255);
    const light = color => {
        const [r, g, b] = color.match(/[\\d.]+/g).map(Number);
        return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
    };
    const paper = light(getComputedStyle(document.body).backgroundColor);
    const worst = {};
    for (const each of document.querySelectorAll('body *')) {
        const speaks = [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (!speaks || !each.getClientRects().length) continue;
        const style = getComputedStyle(each);
        const ink = light(each.closest('svg') ? style.fill : style.color);
        const name = each.tagName + '.' + each.getAttribute('class');
        worst[name] = (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05);
    }
    return worst;
}"""


@pytest.fixture(scope="module")
def chromium():
    """One browser for all."""
    with chromium_browser() as browser:
        yield browser


@pytest.fixture
def opened(chromium, sample, bare, tmp_path):
    """Opens the report of a good study (or of one that saw nothing) with every detail unfolded."""
    pages = []

    def open_report(width, scheme="light", findings=None):
        file = tmp_path / f"report-{len(pages)}.html"
        file.write_text(report_html(findings or sample()), encoding="utf-8")
        page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        pages.append(page)
        page.goto(file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        return page

    yield open_report
    for page in pages:
        page.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_hangs_over_the_edge(opened, sample, bare, width):
    long = "a_rather_long_operation_name_from_a_generated_router_table"
    demand = sample().demand_ms
    demand.by_operation[long] = demand.by_operation["like"]
    for findings in (sample(), bare(), sample(demand_ms=demand, subject=long)):
        page = opened(width, findings=findings)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OVERHANG) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_texts_of_the_picture_are_whole_readable_and_apart(opened, width):
    chart = opened(width).evaluate(CHART)
    left, top, right, bottom = chart["frame"]
    for text, (x0, y0, x1, y1) in chart["texts"]:
        assert x0 >= max(0, left - 1), text
        assert x1 <= right + 12, text
        assert top - 1 <= y0 < y1 <= bottom + 1, text
        assert y1 - y0 >= 10, f"{text} is too small to read"
    for (text, one), (other, two) in itertools.combinations(chart["texts"], 2):
        apart = one[2] <= two[0] or two[2] <= one[0] or one[3] <= two[1] + 2 or two[3] <= one[1] + 2
        assert apart, f"{text!r} and {other!r} overlap"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_the_paper_in_light_and_dark(opened, scheme):
    worst = opened(1280, scheme).evaluate(CONTRAST)
    assert len(worst) > 10
    assert {name: ratio for name, ratio in worst.items() if ratio < 4.5} == {}  # WCAG 2.2, 1.4.3
