"""Home timelines looked up and pushed (FLOTILLA_TIMELINE), for people who follow few, many and very many.

    .venv/bin/python benchmarks/levers/home_timelines.py [--people 10000] [--posts 100000] [--rounds 2]

What a page costs, once by the rules alone (`rules`: what database and driver do) and once as the whole page over HTTP
(`http`, one gunicorn worker that shares a CPU with the database), pull and push in turns, A B B A, in each round.
Then what pushing costs whoever publishes, and the jobs process. About 5 minutes; with a million posts some 3 more.
"""

import argparse
import http.client
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median

import psycopg
from own_site import CLIENT_CPU, SERVER_CPU, cpu_s, database_of_its_own, postmaster, web

from flotilla.logs import configure_logs
from flotilla.seed import PASSWORD, handle, seed_town
from flotilla.settings import Settings
from flotilla.social import Paging, Site, Viewer, open_site
from flotilla.web.sessions import session_signer

CIRCLES = {"20 quiet": (20, "ASC"), "100": (100, "DESC"), "2,000": (2_000, "DESC")}
"""(how many they follow, in which order of posts written they are taken)."""
AUDIENCES = (100, 1_000, 9_000)
WAYS = ("pull", "push", "push", "pull")
CALLS = 150
DEEP_PAGES = 10

FORGET = (
    "DELETE FROM s0000.following f USING s0000.profile p WHERE p.account_id = f.follower_id AND p.handle = %(handle)s"
)
FOLLOW = """
INSERT INTO s0000.following (follower_id, followee_id)
SELECT me.account_id, chosen.author_id FROM (SELECT account_id FROM s0000.profile WHERE handle = %(handle)s) me,
    (SELECT author_id FROM s0000.author_stats WHERE posts > 0 ORDER BY posts {order}, author_id LIMIT %(count)s) chosen
WHERE chosen.author_id <> me.account_id
"""
BE_FOLLOWED = """
INSERT INTO s0000.followers (followee_id, follower_id)
SELECT %(author)s, account_id FROM s0000.profile WHERE account_id <> %(author)s ORDER BY account_id LIMIT %(count)s
"""


@dataclass(frozen=True)
class Cost:
    """Medians and means of one call."""

    response_ms: float
    app_cpu_ms: float
    database_cpu_ms: float


def cost(ask: Callable[[], object], app_cpu_s: Callable[[], float], database: int) -> Cost:
    for _ in range(30):
        ask()  # until the driver has its statements prepared
    times = []
    before = app_cpu_s(), cpu_s(database)
    for _ in range(CALLS):
        begun_s = time.perf_counter()
        ask()
        times.append(time.perf_counter() - begun_s)
    after = app_cpu_s(), cpu_s(database)
    app, server = ((new - old) / CALLS for old, new in zip(before, after, strict=True))
    return Cost(1000 * median(times), 1000 * app, 1000 * server)


def town(settings: Settings, *, people: int, posts: int) -> list[Viewer]:
    """A seeded town, of which the first three people follow whom their circle says."""

    def progress(what: str) -> None:
        print(f"  {what}", file=sys.stderr, flush=True)

    seed_town(settings, people=people, posts=posts, seed=1, force=True, progress=progress)
    with psycopg.connect(settings.owner_url, autocommit=True) as connection:
        for number, (count, order) in enumerate(CIRCLES.values()):
            values = {"handle": handle(number), "count": count}
            connection.execute(FORGET, values)
            connection.execute(FOLLOW.format(order=order).encode(), values)
        connection.execute("VACUUM ANALYZE")
        rows = connection.execute("SELECT account_id, handle FROM s0000.profile ORDER BY handle LIMIT 3").fetchall()
    return [Viewer(account_id, name, name) for account_id, name in rows]


def older(site: Site, viewer: Viewer) -> Paging:
    """The page so many pages down."""
    paging = Paging()
    for _ in range(DEEP_PAGES):
        before = site.timelines.home(viewer, paging).next_before
        if before is None:
            break
        paging = Paging(before=before)
    return paging


def by_rules(settings: Settings, way: str, readers: list[Viewer]) -> dict[tuple[str, str], Cost]:
    found = {}
    site = open_site(replace(settings, timeline=way, pool_size=1))
    try:
        database = postmaster(settings)
        for circle, reader in zip(CIRCLES, readers, strict=True):
            for page, paging in (("first", Paging()), ("tenth", older(site, reader))):
                found[circle, page] = cost(
                    lambda reader=reader, paging=paging: site.timelines.home(reader, paging),  # type: ignore[misc]
                    time.process_time,
                    database,
                )
    finally:
        site.close()
    return found


def cookies(settings: Settings, readers: list[Viewer]) -> list[str]:
    site = open_site(settings)
    try:
        signer = session_signer(settings)
        tokens = [site.accounts.sign_in(handle=one.handle, password=PASSWORD).token for one in readers]
        return [f"flotilla_session={signer.sign(token).decode()}" for token in tokens]
    finally:
        site.close()


def by_http(settings: Settings, way: str, jar: list[str]) -> dict[tuple[str, str], Cost]:
    found = {}
    with web(settings, threads=4, timeline=way) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for circle, cookie in zip(CIRCLES, jar, strict=True):

            def ask(cookie: str = cookie) -> None:
                connection.request("GET", "/home", headers={"Cookie": cookie})
                answer = connection.getresponse()
                if answer.status != 200 or b"home-timeline" not in answer.read():
                    raise SystemExit(f"a page was answered with {answer.status}")

            found[circle, "first"] = cost(ask, lambda: cpu_s(server.pid), postmaster(settings))
    return found


def tell(place: str, seen: dict[str, list[dict[tuple[str, str], Cost]]]) -> None:
    for circle, page in seen["pull"][0]:
        for way, turns in seen.items():
            costs = [turn[circle, page] for turn in turns]
            response, app, database = (
                [getattr(one, name) for one in costs] for name in ("response_ms", "app_cpu_ms", "database_cpu_ms")
            )
            spread = f"{median(response):.2f} ({min(response):.2f}-{max(response):.2f})"
            print(f"| {place} | {circle} | {page} | {way} | {spread} | {median(app):.2f} | {median(database):.2f} |")
    sys.stdout.flush()


def writing(settings: Settings, readers: list[Viewer]) -> None:
    """What a post costs its request and the jobs process, when everybody has a feed."""
    print("\n| followers with a feed | publish, pull ms | publish, push ms | fan-out ms | the same, logged ms |")
    print("|---:|---:|---:|---:|---:|")
    with psycopg.connect(settings.owner_url, autocommit=True) as connection:
        connection.execute("INSERT INTO s0000.home_feed SELECT account_id, 0 FROM s0000.profile ON CONFLICT DO NOTHING")
        for author, count in zip(readers, AUDIENCES, strict=True):
            connection.execute("DELETE FROM s0000.followers WHERE followee_id = %s", [author.account_id])
            connection.execute(BE_FOLLOWED, {"author": author.account_id, "count": count})
        connection.execute("VACUUM ANALYZE")
        found: dict[int, list[list[float]]] = {count: [[], [], [], []] for count in AUDIENCES}
        for logged in (False, True):
            if logged:
                for table in ("home_feed", "home_entry"):
                    connection.execute(f"ALTER TABLE s0000.{table} SET LOGGED".encode())
            for turn in range(12):
                connection.execute(
                    "DELETE FROM g.home_pushing"
                    if turn % 2
                    else "INSERT INTO g.home_pushing DEFAULT VALUES ON CONFLICT DO NOTHING"
                )
                site = open_site(replace(settings, timeline="push", jobs=True, limits=False, pool_size=2))
                try:
                    site.posts.publish(readers[0], "the first pays for the connection")
                    site.background.do_next(("timelines",))
                    for author, count in zip(readers, AUDIENCES, strict=True):
                        begun_s = time.perf_counter()
                        site.posts.publish(author, f"post {turn}")
                        found[count][turn % 2 == 0].append(time.perf_counter() - begun_s)
                        begun_s = time.perf_counter()
                        if site.background.do_next(("timelines",)):
                            found[count][3 if logged else 2].append(time.perf_counter() - begun_s)
                finally:
                    site.close()
        for count, columns in found.items():
            print(f"| {count:,} | " + " | ".join(f"{1000 * median(times):.1f}" for times in columns) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    configure_logs(json_lines=False, level="warning")
    with database_of_its_own() as database:
        settings = replace(database.people(0)[0], statement_timeout_s=60, log_level="warning")
        readers = town(settings, people=options.people, posts=options.posts)
        building = open_site(replace(settings, timeline="push"))
        times = []
        for reader in readers:
            begun_s = time.perf_counter()
            building.feeds.build(reader.account_id)
            times.append(f"{1000 * (time.perf_counter() - begun_s):.0f}")
        building.close()
        print(
            f"{options.people:,} people, {options.posts:,} posts; building the three feeds took {', '.join(times)} ms\n"
        )
        os.sched_setaffinity(postmaster(settings), {SERVER_CPU})
        os.sched_setaffinity(0, {CLIENT_CPU})
        print("| where | follows | page | way | ms (least-most) | app CPU ms | database CPU ms |")
        print("|---|---|---|---|---:|---:|---:|")
        jar = cookies(settings, readers)
        for place, measure in (
            ("rules", lambda way: by_rules(settings, way, readers)),
            ("http", lambda way: by_http(settings, way, jar)),
        ):
            seen: dict[str, list[dict[tuple[str, str], Cost]]] = {"pull": [], "push": []}
            for _ in range(options.rounds):
                for way in WAYS:
                    seen[way].append(measure(way))
            tell(place, seen)
        writing(settings, readers)


if __name__ == "__main__":
    main()
