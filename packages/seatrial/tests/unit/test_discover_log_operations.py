"""What people asked for, counted from lines of the servers that write them."""

import gzip

import pytest

from seatrial.discover.log_operations import logged_requests
from seatrial.model.access_log import log_line

AGENT = '"-" "Mozilla/5.0"'


def combined(request, status=200, agent=AGENT):
    return f'10.0.0.1 - - [28/Nov/2026:10:00:00 +0000] "{request}" {status} 12 {agent}\n'


@pytest.mark.parametrize(
    ("text", "method", "target", "status"),
    [
        (combined("POST /posts HTTP/1.1", 303).strip(), "POST", "/posts", 303),
        (
            '{"ts": 1700000000.5, "request": {"method": "GET", "uri": "/a?b=1"}, "status": 200}',
            "GET",
            "/a?b=1",
            200,
        ),
        (
            '{"EdgeStartTimestamp": "2026-11-28T10:00:00Z", "ClientIP": "1.1.1.1", "ClientRequestMethod": "PUT",'
            ' "ClientRequestURI": "/c", "EdgeResponseStatus": 204}',
            "PUT",
            "/c",
            204,
        ),
        (
            '2026-11-28T10:00:00.123+00:00 heroku[router]: at=info method=GET path="/d?x=1" host=shop.example'
            ' fwd="203.0.113.7" dyno=web.1 connect=0ms service=18ms status=200 bytes=13',
            "GET",
            "/d?x=1",
            200,
        ),
    ],
)
def test_method_address_and_status_are_read_from_a_line_of(text, method, target, status):
    line = log_line(text)
    assert line is not None
    assert (line.method, line.target, line.status) == (method, target, status)


def test_only_what_people_were_answered_well_counts_and_pages_made_alike_are_one(tmp_path):
    log = tmp_path / "access.log"
    log.write_text(
        3 * combined("GET / HTTP/1.1")
        + combined("GET /posts/1 HTTP/1.1")
        + combined("GET /posts/22 HTTP/1.1")
        + combined("POST /posts HTTP/1.1")
        + combined("GET /static/site.css HTTP/1.1")
        + combined("GET /missing HTTP/1.1", 404)
        + combined("GET /old HTTP/1.1", 301)
        + combined("GET / HTTP/1.1", agent='"-" "Googlebot/2.1"')
        + "what is this\n"
    )
    found = logged_requests([log])
    assert found.counts == {"GET /": 3, "GET /posts/{}": 2, "POST /posts": 1}
    assert found.samples["GET /posts/{}"] == "/posts/1"
    assert (found.lines, found.malformed, found.total) == (11, 1, 6)
    assert found.share("GET /") == pytest.approx(0.5)


def test_several_files_packed_or_not_are_one_log(tmp_path):
    plain, packed = tmp_path / "access.log.1", tmp_path / "access.log.2.gz"
    plain.write_text(combined("GET / HTTP/1.1"))
    packed.write_bytes(gzip.compress(combined("GET / HTTP/1.1").encode()))
    assert logged_requests([plain, packed]).counts == {"GET /": 2}
