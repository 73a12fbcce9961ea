"""How many jobs one worker of Flotilla's background work does in a second, and what one costs.

    .venv/bin/python benchmarks/levers/jobs.py

A worker is one lane: a thread that takes what is due and does it, one after the other. Three kinds of work: nothing at
all, which is what the queue itself costs; a letter, written into a folder; a picture of 1,600 x 1,200 pixels made anew.
By one process, and by two on the same CPU. About 1 minute.
"""

import dataclasses
import os
import resource
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image
from rig import Town, town

from flotilla.logs import configure_logs
from flotilla.settings import Settings
from flotilla.social import Site, open_site
from flotilla.social.background import Task
from flotilla.social.resets import TELL_PASSWORD_CHANGED

NOTHING = Task("nothing")
PICTURE_SIZE = (1600, 1200)


def opened(settings: Settings) -> Site:
    configure_logs(json_lines=False, level="error")
    site = open_site(settings)
    site.background.does(NOTHING, lambda: None)
    return site


def ask_for(site: Site, task: Task, count: int) -> None:
    with site.database.write() as work:
        for _ in range(count):
            site.background.later(work, task)


def letters(site: Site, count: int) -> None:
    with site.database.write() as work:
        for _ in range(count):
            site.background.later(work, TELL_PASSWORD_CHANGED, handle="ada", email="ada@example.org")


def pictures(site: Site, count: int) -> None:
    artist = site.accounts.sign_up(handle=f"a{time.time_ns() % 10**9}", password="a calm sea at dawn").viewer
    noise = Image.effect_noise((200, 150), 60).resize(PICTURE_SIZE).convert("RGB")
    file = BytesIO()
    noise.save(file, "JPEG", quality=85)
    for _ in range(count):
        file.seek(0)
        site.media.take(artist, file)


def worked_off(settings: Settings, cpus: tuple[int, ...], queue: str, workers: int) -> tuple[float, float]:
    """(seconds it took, CPU seconds) until so many processes have done all that is due in that queue."""
    before, started_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    children = []
    for _ in range(workers):
        child = os.fork()
        if child == 0:
            try:
                os.sched_setaffinity(0, cpus)
                site = opened(settings)
                while site.background.do_next([queue]):
                    pass
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - started_s, spent_s


def measured(site: Town, settings: Settings) -> None:
    asker = opened(settings)
    kinds: dict[str, tuple[str, int, Callable[[int], None]]] = {
        "nothing": ("default", 2000, lambda count: ask_for(asker, NOTHING, count)),
        "a letter": ("mail", 1000, lambda count: letters(asker, count)),
        "a picture": ("media", 20, lambda count: pictures(asker, count)),
    }
    print("| work | processes | jobs/s | CPU of the worker for one | of PostgreSQL |\n|---|---:|---:|---:|---:|")
    for kind, (queue, count, ask) in kinds.items():
        for workers in (1, 2):
            ask(count)
            database_s = site.database_cpu_s()
            took_s, spent_s = worked_off(settings, site.cpus, queue, workers)
            told = [1000 * cpu_s / count for cpu_s in (spent_s, site.database_cpu_s() - database_s)]
            print(f"| {kind} | {workers} | {count / took_s:.1f} | {told[0]:.2f} ms | {told[1]:.2f} ms |")
    asker.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as name, town() as site:
        settings = Settings.from_environment(site.settings)
        folder = Path(name)
        folders = {"outbox_folder": str(folder / "outbox"), "media_folder": str(folder / "media")}
        measured(site, dataclasses.replace(settings, jobs=True, pool_size=1, **folders))


if __name__ == "__main__":
    main()
