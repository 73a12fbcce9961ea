"""Lines of access logs as servers document them."""

import json
from datetime import UTC, datetime

import pytest

from seatrial.model.access_log import log_line

COMBINED = (
    '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /page?a=1 HTTP/1.0" 200 2326 '
    '"http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"'
)
MOMENT_S = datetime(2000, 10, 10, 20, 55, 36, tzinfo=UTC).timestamp()

CADDY = {
    "level": "info",
    "ts": 1646861401.5241024,
    "logger": "http.log.access",
    "msg": "handled request",
    "request": {
        "remote_ip": "127.0.0.1",
        "client_ip": "203.0.113.9",
        "method": "GET",
        "host": "localhost",
        "uri": "/inbox",
        "headers": {"User-Agent": ["Mozilla/5.0"], "Accept": ["*/*"]},
    },
    "duration": 0.00012,
    "size": 2900,
    "status": 200,
}


def test_a_combined_line_is_read_with_its_own_clock_and_the_worlds():
    line = log_line(COMBINED)
    assert line is not None
    assert line.moment_s == MOMENT_S
    assert line.local_s == MOMENT_S - 7 * 3600
    assert line.visitor == "127.0.0.1 Mozilla/4.08 [en] (Win98; I ;Nav)"
    assert (line.status, line.is_static, line.is_robot) == (200, False, False)


@pytest.mark.parametrize(
    "text",
    [
        '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 2326',
        '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 -',
        'shop.example:443 127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "-"',
        '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "-" 0.004 "more"',
        '{"time_iso8601": "2000-10-10T13:55:36-07:00", "remote_addr": "127.0.0.1", "request": "GET / HTTP/1.1", '
        '"status": "200", "http_user_agent": ""}',
    ],
)
def test_each_usual_form_is_the_same_request(text):
    line = log_line(text)
    assert line is not None
    assert (line.moment_s, line.status, line.visitor.split(" ")[0]) == (MOMENT_S, 200, "127.0.0.1")


def test_caddys_json_is_read_with_the_visitors_own_address():
    line = log_line(json.dumps(CADDY))
    assert line is not None
    assert line.moment_s == pytest.approx(1646861401.5241024)
    assert line.visitor == "203.0.113.9 Mozilla/5.0"


@pytest.mark.parametrize(
    ("path", "is_static"),
    [
        ("/static/site.css?v=3", True),
        ("/logo.PNG", True),
        ("/css", False),
        ("/posts/12.html", False),
        ("/feed.xml", False),
        ("/assets/app", True),
    ],
)
def test_files_are_told_from_what_the_app_answers(path, is_static):
    line = log_line(COMBINED.replace("/page?a=1", path))
    assert line is not None
    assert line.is_static is is_static


@pytest.mark.parametrize(("agent", "is_robot"), [("Googlebot/2.1", True), ("curl/8.5", True), ("Mozilla/5.0", False)])
def test_programs_that_say_what_they_are_are_no_people(agent, is_robot):
    line = log_line(COMBINED.replace("Mozilla/4.08 [en] (Win98; I ;Nav)", agent))
    assert line is not None
    assert line.is_robot is is_robot


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        '127.0.0.1 - - [99/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5',
        '127.0.0.1 - - [10/Okt/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5',
        '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" twohundred 5',
        '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1',
        '{"ts": 1646861401.5',
        '{"ts": true, "status": 200, "uri": "/"}',
        '{"ts": 1646861401.5, "status": "?", "uri": "/"}',
        '{"ts": "soon", "status": 200, "uri": "/"}',
        "[1, 2]",
        '{"ts": [1], "status": 200, "uri": "/"}',
    ],
)
def test_what_is_no_request_is_none(text):
    assert log_line(text) is None


def test_a_handshake_that_was_no_http_still_counts_as_asked():
    line = log_line('192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "\\x16\\x03\\x01" 400 157 "-" "-"')
    assert line is not None
    assert line.status == 400
