"""The page: whole, self-contained and safe."""

import re
from dataclasses import replace
from html.parser import HTMLParser

from seatrial.measure.measurement import Caveat
from seatrial.report.html import report_html

VOID = {"meta", "br", "rect", "line", "path", "circle"}


class Outline(HTMLParser):
    """Checks that every element is closed in order, and collects what is there."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.ids, self.text = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def outline(findings):
    parsed = Outline()
    parsed.feed(report_html(findings))
    parsed.close()
    assert parsed.open == []
    return parsed


def words(findings):
    return " ".join("".join(outline(findings).text).replace("\u00a0", " ").split())


def test_the_page_says_the_answer_its_interval_and_its_caveats(sample):
    text = words(sample())
    assert "One worker of flotilla handles 143 requests a second with 95 % of answers within 500 ms." in text
    assert "137 to 149" in text
    assert "home timeline 42 % 9.1 ms 6.3 + 2.8" in text
    assert "8 workers fit into the plan’s 512 MB" in text
    assert "Run it once as root, or on the plan itself." in text
    assert "What this does not say" in text
    assert "AMD EPYC 7B13" in text


def test_it_fetches_nothing_and_runs_nothing(sample):
    page = report_html(sample())
    assert not re.search(r"<(script|link|img|iframe|object|embed)\b|@import|url\(|\bsrc=|\bon\w+=", page)


def test_what_the_study_holds_cannot_become_markup(sample):
    nasty = "<script>alert('x')</script>&\""
    operation = {nasty: {"app": 1.0, "database": 1.0, "total": 2.0, "wait": None, "share": 1.0, "queries": None}}
    findings = sample(
        subject=nasty,
        objective=nasty,
        caveats=(Caveat(nasty, nasty, nasty),),
        limits_of_this=(nasty,),
        environment={nasty: nasty},
        dearest_queries=((nasty, nasty, 1.0),),
        points=tuple({**row, "label": nasty, "verdict": nasty} for row in sample().points),
    )
    findings.demand_ms.by_operation.clear()
    findings.demand_ms.by_operation.update(operation)
    assert "script" not in {tag for tag, _ in outline(findings).seen}


def test_ids_are_unique_and_each_picture_has_its_text_alternative(sample):
    parsed = outline(sample())
    assert len(parsed.ids) == len(set(parsed.ids))
    pictures = [attributes for tag, attributes in parsed.seen if tag == "svg" and attributes.get("role") == "img"]
    assert len(pictures) == 2
    assert {picture["aria-labelledby"] for picture in pictures} <= set(parsed.ids)
    assert all(
        "aria-hidden" in attributes or attributes.get("role") == "img"
        for tag, attributes in parsed.seen
        if tag == "svg"
    )


def test_a_study_that_saw_nothing_still_gives_a_page_without_zeros_and_nones(bare):
    text = words(bare())
    assert "Not measured" in text
    assert "None" not in text
    assert "Where the CPU goes" not in text
    assert not re.search(r"\b0(\.0)? (ms|MB|requests)", text)


def test_a_verdict_has_a_shape_of_its_own_beside_its_colour(sample):
    shapes = {}
    for verdict in ("sustained", "violated", "invalid"):
        page = report_html(sample(verdict=verdict))
        shapes[verdict] = re.search(r'<p class="verdict \w+">(<svg.*?</svg>)', page, re.DOTALL)[1].split("aria-hidden")[
            1
        ]
    assert len(set(shapes.values())) == 3


def test_the_same_findings_give_the_same_page(sample):
    assert report_html(sample()) == report_html(sample())


def test_the_page_of_an_app_that_was_running_already_has_no_plan_no_memory_and_no_workers(running):
    text = words(running())
    assert "The app at http://127.0.0.1:8000 handles 143 requests a second" in text
    assert "interval of the capacity over repeats." in text
    for word in ("Memory", "Plan", "Workers", "None", "fresh starts"):
        assert word not in text


def test_the_page_says_of_a_bracket_that_it_is_one(sample):
    method = "bracketed by trials: seen to pass at 133/s, seen to fail at 162/s"
    bracket = replace(sample().worker_capacity, low_rps=133.0, high_rps=162.0, is_bracket=True, method=method)
    text = words(sample(worker_capacity=bracket))
    assert text.count("racketed by trials: seen to pass at 133/s, seen to fail at 162/s.") == 2
    assert "The shaded band is what the trials bracket" in text
    assert "Capacity: 143 requests/s, bracketed by trials, 133 to 162." in text
    assert "interval of the capacity" not in text
    assert "95 % interval 133" not in text
