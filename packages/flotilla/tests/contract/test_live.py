"""Live connections through a running live process: real Socket.IO and Mastodon clients, the real database's bus."""

import contextlib
import dataclasses
import json
import os
import queue
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
import socketio
from mastodon import Mastodon, StreamListener
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from flotilla.social.events import Kind, publish
from flotilla.web.sessions import session_signer

WAIT_S = 20
QUIET_S = 0.3
PASSWORD = "a calm sea at dawn"


@dataclasses.dataclass(frozen=True)
class Live:
    """The running live process."""

    host: str
    settings: object

    @property
    def origin(self):
        return f"http://{self.host}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def live(shared_settings, tmp_path_factory):
    port = free_port()
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FLOTILLA_")}
    environ = kept | {
        "FLOTILLA_DATABASE_URL": shared_settings.database_url,
        "FLOTILLA_LIVE_PORT": str(port),
        "FLOTILLA_LIVE_LISTENERS": "60",
        "FLOTILLA_PROXIES": "1",
    }
    log = tmp_path_factory.mktemp("live") / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "flotilla.cli", "run", "live"], env=environ, stdout=written, stderr=written
        )
    try:
        deadline_s = time.monotonic() + WAIT_S
        while True:
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/streaming/health", timeout=5) as answer,
            ):
                assert answer.read() == b"OK"
                break
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline_s, log.read_text()
            time.sleep(0.05)
        yield Live(f"127.0.0.1:{port}", shared_settings)
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        process.terminate()
        process.wait(timeout=WAIT_S)
    assert process.returncode == 0


@pytest.fixture
def crew(site):
    """crew("ada"): somebody who has signed up, with the token of their session."""
    return lambda handle: site.accounts.sign_up(handle=handle, password=PASSWORD)


@pytest.fixture
def token_of(site):
    """token_of(viewer): an app's access token."""

    def make(viewer, scopes="read write"):
        app = site.apps.register(name="probe", redirect_uris=["urn:ietf:wg:oauth:2.0:oob"], scopes="read write")
        return site.grants.token_for_person(
            viewer, client_id=app.app.client_id, client_secret=app.client_secret, scopes=scopes
        ).token

    return make


@pytest.fixture
def open_page(live):
    """open_page(signed_in): a page's connection, by the Socket.IO client library."""
    opened = []

    def connect_page(signed_in, *, origin=None, cookie=None, address="192.0.2.1"):
        signed = session_signer(live.settings).sign(signed_in.token).decode() if cookie is None else cookie
        client = socketio.SimpleClient(websocket_extra_options={"origin": origin or live.origin})
        opened.append(client)
        headers = {"Cookie": f"flotilla_session={signed}", "X-Forwarded-For": address}
        client.connect(live.origin, headers=headers, transports=["websocket"], wait_timeout=WAIT_S)
        return client

    yield connect_page
    for client in opened:
        client.disconnect()


class Heard(StreamListener):
    """What Mastodon.py's stream tells."""

    def __init__(self):
        self.events = queue.Queue()

    def on_update(self, status):
        self.events.put(("update", status))

    def on_delete(self, status_id):
        self.events.put(("delete", status_id))

    def on_notification(self, notification):
        self.events.put(("notification", notification))


@pytest.fixture
def stream(live):
    """stream(token, "user"): a WebSocket of the API that is known to be subscribed; recv() gives messages."""
    with contextlib.ExitStack() as opened:

        def open_stream(token, name, whence="192.0.2.1", **more):
            query = "&".join(f"{key}={value}" for key, value in {"stream": name, **more}.items())
            address = f"ws://{live.host}/api/v1/streaming?access_token={token}&{query}"
            headers = {"X-Forwarded-For": whence}
            return opened.enter_context(connect(address, open_timeout=WAIT_S, additional_headers=headers))

        yield open_stream


def tell(site, kind, **ids):
    with site.database.write() as work:
        publish(work, kind, **ids)


def wait(until):
    deadline_s = time.monotonic() + WAIT_S
    while not until():
        assert time.monotonic() < deadline_s, "it did not happen in time"
        time.sleep(0.02)


def settle(site, page, signed_in):
    """Until the process has heard all that the page said so far: until a post reaches it on both of its ways."""
    post = site.posts.publish(signed_in.viewer, "settling")
    heard = []
    while len(heard) < 2:
        heard.append(page.receive(timeout=WAIT_S))
    assert {told[1]["id"] for told in heard} == {str(post)}


def fill(stream, tokens):
    for token in tokens:
        stream(token, "user")


def quiet(page):
    with pytest.raises(socketio.exceptions.TimeoutError):
        page.receive(timeout=QUIET_S)


def test_a_page_hears_of_new_posts_of_those_it_follows_and_of_nobody_else(site, crew, open_page):
    ada, bob, eve = crew("ada"), crew("bob"), crew("eve")
    site.follows.follow(ada.viewer, "bob")
    page, other = open_page(ada), open_page(eve)
    post = site.posts.publish(bob.viewer, "hello")
    assert page.receive(timeout=WAIT_S) == ["post", {"id": str(post), "author_id": str(bob.viewer.account_id)}]
    quiet(other)


def test_a_page_that_watches_the_local_timeline_hears_of_everyone(site, crew, open_page):
    ada, bob = crew("ada"), crew("bob")
    page = open_page(ada)
    page.emit("watch", {"timeline": "public"})
    # Whatever was asked before the connection says something back has been heard: it answers in order.
    settle(site, page, ada)
    post = site.posts.publish(bob.viewer, "hello")
    assert page.receive(timeout=WAIT_S) == ["public", {"id": str(post)}]


def test_a_deleted_post_is_taken_off_the_pages_of_followers(site, crew, open_page):
    ada, bob = crew("ada"), crew("bob")
    site.follows.follow(ada.viewer, "bob")
    post = site.posts.publish(bob.viewer, "hello")
    page = open_page(ada)
    site.posts.delete(bob.viewer, post)
    assert page.receive(timeout=WAIT_S) == ["deleted", {"id": str(post)}]


def test_a_badge_is_told_on_every_page_of_that_person(site, crew, open_page):
    ada, bob = crew("ada"), crew("bob")
    pages = [open_page(bob), open_page(bob)]
    site.follows.follow(ada.viewer, "bob")
    assert [page.receive(timeout=WAIT_S) for page in pages] == [["notification", {"unread": 1}]] * 2


def test_signing_out_everywhere_cuts_the_connections_of_that_person_only(site, crew, open_page):
    ada, bob = crew("ada"), crew("bob")
    page, other = open_page(ada), open_page(bob)
    tell(site, Kind.SIGNED_OUT, account_id=ada.viewer.account_id)
    wait(lambda: not page.client.connected)
    assert other.client.connected


def test_nobody_in_a_blocked_network_connects_or_stays_connected(site, crew, live, open_page, stream, token_of):
    ada, bob, mo = crew("ada"), crew("bob"), crew("mo")
    site.roles.set(None, "mo", "moderator")
    moderator = site.accounts.who_is(mo.token)
    token = token_of(ada.viewer)
    # What somebody claims to have come through counts as little as it does at the pages: the last proxy knows.
    blocked, elsewhere = "192.0.2.1, 198.51.100.9", "198.51.100.9, 192.0.2.1"
    page, app, other = (
        open_page(ada, address=blocked),
        stream(token, "user", blocked),
        open_page(bob, address=elsewhere),
    )
    site.keeping_out.block_network(moderator, "198.51.100.0/24", "access", own_address="192.0.2.1")
    wait(lambda: not page.client.connected)
    with pytest.raises(ConnectionClosed):
        app.recv(timeout=WAIT_S)
    with pytest.raises(socketio.exceptions.ConnectionError):
        open_page(ada, address=blocked)
    with pytest.raises(InvalidStatus) as refused:
        stream(token, "user", blocked)
    assert refused.value.response.status_code == 403
    health = urllib.request.Request(f"{live.origin}/api/v1/streaming/health", headers={"X-Forwarded-For": blocked})
    with urllib.request.urlopen(health, timeout=WAIT_S) as answer:
        assert answer.status == 200
    events = urllib.request.Request(
        f"{live.origin}/api/v1/streaming/user?access_token={token}", headers={"X-Forwarded-For": blocked}
    )
    with pytest.raises(urllib.error.HTTPError) as unheard:
        urllib.request.urlopen(events, timeout=WAIT_S)
    assert unheard.value.code == 403
    unheard.value.close()
    open_page(ada, address=elsewhere)
    assert other.client.connected


@pytest.mark.parametrize("cookie", ["", "0.x", "forged.forged", None])
def test_without_a_session_of_this_site_no_page_connects(site, crew, open_page, cookie):
    ada = crew("ada")
    if cookie is None:
        site.accounts.sign_out(ada.token)
    with pytest.raises(socketio.exceptions.ConnectionError):
        open_page(ada, cookie=cookie)


@pytest.mark.parametrize(
    "origin", ["http://elsewhere.example", "http://127.0.0.1:1", "null", "https://127.0.0.1.example"]
)
def test_a_page_of_another_site_cannot_listen_with_its_readers_cookie(crew, open_page, origin):
    with pytest.raises(socketio.exceptions.ConnectionError):
        open_page(crew("ada"), origin=origin)


def test_an_app_streams_a_persons_home_by_websocket_and_reads_the_api_entity(site, crew, stream, token_of):
    ada, bob, eve = crew("ada"), crew("bob"), crew("eve")
    site.follows.follow(ada.viewer, "bob")
    mine, other = stream(token_of(ada.viewer), "user"), stream(token_of(eve.viewer), "user")
    post = site.posts.publish(bob.viewer, "hello #tea")
    told = json.loads(mine.recv(timeout=WAIT_S))
    assert (told["stream"], told["event"]) == (["user"], "update")
    status = json.loads(told["payload"])
    assert (status["id"], status["account"]["acct"], status["visibility"]) == (str(post), "bob", "public")
    assert "hello" in status["content"]
    site.posts.delete(bob.viewer, post)
    assert json.loads(mine.recv(timeout=WAIT_S)) == {"stream": ["user"], "event": "delete", "payload": str(post)}
    with pytest.raises(TimeoutError):
        other.recv(timeout=QUIET_S)


def test_hashtag_and_public_streams_carry_what_stands_in_those_timelines(site, crew, stream, token_of):
    ada, bob = crew("ada"), crew("bob")
    token = token_of(ada.viewer)
    tea, rum, everyone = (
        stream(token, "hashtag", tag="TEA"),
        stream(token, "hashtag", tag="rum"),
        stream(token, "public"),
    )
    post = site.posts.publish(bob.viewer, "hello #tea")
    for open_stream, words in ((tea, ["hashtag", "tea"]), (everyone, ["public"])):
        told = json.loads(open_stream.recv(timeout=WAIT_S))
        assert (told["stream"], json.loads(told["payload"])["id"]) == (words, str(post))
    with pytest.raises(TimeoutError):
        rum.recv(timeout=QUIET_S)


def test_nothing_comes_across_a_block_or_a_mute(site, crew, stream, token_of):
    ada, bob, eve, cat = crew("ada"), crew("bob"), crew("eve"), crew("cat")
    site.blocks.block(bob.viewer, "ada")
    site.blocks.block(eve.viewer, "bob")
    site.blocks.mute(cat.viewer, "bob")
    streams = [stream(token_of(one.viewer), "public") for one in (ada, eve, cat, bob)]
    site.posts.publish(bob.viewer, "hello")
    assert json.loads(streams[3].recv(timeout=WAIT_S))["event"] == "update"
    for across in streams[:3]:
        with pytest.raises(TimeoutError):
            across.recv(timeout=QUIET_S)


def test_one_websocket_can_carry_several_streams_and_let_them_go(site, crew, stream, token_of):
    ada = crew("ada")
    open_stream = stream(token_of(ada.viewer), "user")
    open_stream.send('{"type": "subscribe", "stream": "hashtag", "tag": "tea"}')
    open_stream.send('{"type": "subscribe", "stream": "no such"}')
    assert json.loads(open_stream.recv(timeout=WAIT_S)) == {"error": "Unknown stream type", "status": 400}
    site.posts.publish(ada.viewer, "#tea")
    heard = sorted(json.loads(open_stream.recv(timeout=WAIT_S))["stream"] for _ in range(2))
    assert heard == [["hashtag", "tea"], ["user"]]
    open_stream.send('{"type": "unsubscribe", "stream": "user"}')
    open_stream.send('{"type": "unsubscribe", "stream": "hashtag", "tag": "tea"}')
    open_stream.send("this is no wish")
    open_stream.send('{"type": "subscribe", "stream": "list"}')
    assert "error" in json.loads(open_stream.recv(timeout=WAIT_S))
    site.posts.publish(ada.viewer, "#tea")
    with pytest.raises(TimeoutError):
        open_stream.recv(timeout=QUIET_S)


def test_mastodon_py_streams_by_server_sent_events(site, crew, live, token_of):
    ada = crew("ada")
    app = Mastodon(access_token=token_of(ada.viewer), api_base_url=live.origin, version_check_mode="none")
    heard = Heard()
    running = app.stream_user(heard, run_async=True)
    try:
        deadline_s = time.monotonic() + WAIT_S
        told = None
        while told is None:
            # The connection may still be on its way: say it again until it is heard.
            assert time.monotonic() < deadline_s
            post = site.posts.publish(ada.viewer, "hello")
            with contextlib.suppress(queue.Empty):
                told = heard.events.get(timeout=0.5)
        assert (told[0], told[1].content) == ("update", "<p>hello</p>")
        assert told[1].id <= post
    finally:
        # Else closing waits for the next heartbeat.
        tell(site, Kind.SIGNED_OUT, account_id=ada.viewer.account_id)
        running.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/streaming/user", 401),
        ("/api/v1/streaming/user?access_token=1.wrong", 401),
        ("/api/v1/streaming/nothing?access_token=TOKEN", 404),
        ("/api/v1/streaming/hashtag?access_token=TOKEN", 400),
        ("/api/v1/streaming/list?list=x&access_token=TOKEN", 400),
        ("/api/v1/streaming/user?access_token=PROFILE", 401),
        ("/elsewhere", 404),
    ],
)
def test_what_cannot_be_streamed_is_refused_as_json(crew, live, token_of, path, status):
    viewer = crew("ada").viewer
    path = path.replace("TOKEN", token_of(viewer)).replace("PROFILE", token_of(viewer, "write"))
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(live.origin + path, timeout=WAIT_S)
    with caught.value as answer:
        assert answer.code == status
        assert "error" in json.load(answer)


def test_a_websocket_may_carry_its_token_as_a_subprotocol_and_gets_it_back(crew, live, token_of):
    token = token_of(crew("ada").viewer)
    with connect(f"ws://{live.host}/api/v1/streaming?stream=user", subprotocols=[token], open_timeout=WAIT_S) as opened:
        assert opened.subprotocol == token
    with pytest.raises(InvalidStatus) as caught:
        connect(f"ws://{live.host}/api/v1/streaming?stream=user", open_timeout=WAIT_S)
    assert caught.value.response.status_code == 401


def test_nobody_takes_all_the_room(crew, stream, token_of):
    token = token_of(crew("ada").viewer)
    for _ in range(25):
        stream(token, "user")
    with pytest.raises(InvalidStatus) as caught:
        stream(token, "user")
    assert caught.value.response.status_code == 503
    others = [token_of(crew(handle).viewer) for handle in ("bob", "cat")]
    with pytest.raises(InvalidStatus) as caught:
        fill(stream, others * 25)
    assert caught.value.response.status_code == 503


def test_a_listener_that_does_not_keep_up_is_cut_off_and_others_are_not(site, crew, live, stream, token_of):
    ada, bob = crew("ada"), crew("bob")
    token = token_of(ada.viewer)
    quick = stream(token_of(bob.viewer), "public")
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        slow.settimeout(WAIT_S)
        slow.connect(("127.0.0.1", int(live.host.split(":")[1])))
        path = f"/api/v1/streaming/public?access_token={token}"
        slow.sendall(f"GET {path} HTTP/1.1\r\nHost: {live.host}\r\n\r\n".encode())
        assert slow.recv(12) == b"HTTP/1.1 200"
        # More than the sockets and the queue hold; whoever reads gets all of it meanwhile.
        for _ in range(350):
            site.posts.publish(bob.viewer, "x" * 500)
            quick.recv(timeout=WAIT_S)
        taken = 0
        while part := slow.recv(65536):
            taken += part.count(b"event: update")
        assert 0 < taken < 350
