"""A site whose pictures lie in a bucket: as on a disk, and what happens while the bucket is away."""

import dataclasses
import http.client
import io
import os
import re
import shlex
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
import structlog
from bucket_process import BUCKET, RCLONE, bucket_process
from fleet import Server, free_port
from PIL import Image

from flotilla.app import create_app
from flotilla.backup import back_up, restore
from flotilla.errors import InvalidInputError, StartError, StorageUnavailableError
from flotilla.social import open_site
from flotilla.social.checkup import check_up
from flotilla.store.bucket import PATIENCE_S
from flotilla.store.files import small_of
from flotilla.store.opening_files import open_files

PASSWORD = "a calm sea at dawn"
HOW_TO = Path(__file__).parents[4] / "docs/how-to/put-the-pictures-into-object-storage.md"
WAIT_S = 40


def picture():
    stream = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(stream, "PNG")
    stream.seek(0)
    return stream


@pytest.fixture(scope="module")
def process():
    with bucket_process() as running:
        yield running


@pytest.fixture
def bucket(settings, process, tmp_path):
    """Settings of a site on an emptied database whose pictures lie behind a prefix of their own."""
    return dataclasses.replace(
        settings,
        media_folder=str(tmp_path / "work"),
        media_url=process.url(tmp_path.name),
        media_key_id=process.key_id,
        media_secret_key=process.secret,
    )


@pytest.fixture
def in_bucket(bucket):
    opened = open_site(bucket)
    yield opened
    opened.close()


@pytest.fixture
def stored(process, tmp_path):
    """What is stored of that site, both makes."""
    return lambda: process.keys(tmp_path.name)


def join(site, handle):
    return site.accounts.sign_up(handle=handle, password=PASSWORD).viewer


def hang(site, viewer):
    """The names of the files of a picture that they posted and of their new avatar."""
    media = site.media.take_now(viewer, picture())
    site.posts.publish(viewer, "look", media_ids=[media.id])
    return [media.url.removeprefix("/media/"), site.profiles.set_avatar(viewer, picture())]


def both(top, *names):
    return {f"{top}/{each}" for name in names for each in (name, small_of(name))}


def test_a_site_keeps_withholds_checks_and_forgets_its_pictures_in_a_bucket(in_bucket, stored, tmp_path):
    ada, bo = join(in_bucket, "ada"), join(in_bucket, "bo")
    hers, his = hang(in_bucket, ada), hang(in_bucket, bo)
    # Taken in the background: from the bucket, where any machine finds it.
    upload = in_bucket.media.find(ada, in_bucket.media.take(ada, picture()))
    hers.append(upload.media.url.removeprefix("/media/"))
    assert stored() == both("public", *hers, *his)
    assert in_bucket.operator.suspend("ada")
    assert both("withheld", *hers) | both("public", *his) <= stored()
    assert not both("public", *hers) & stored()
    assert check_up(in_bucket.database, in_bucket.files) == ()
    in_bucket.files.remove(his[0])
    (finding,) = check_up(in_bucket.database, in_bucket.files)
    assert (finding.count, finding.examples) == (1, (his[0],))

    in_bucket.departures.close(ada.account_id)
    in_bucket.departures.close(bo.account_id)

    assert stored() == set()
    assert [path for path in (tmp_path / "work").rglob("*") if path.is_file()] == []


def test_what_was_sent_stays_on_no_machine_whichever_finds_it_gone(in_bucket, bucket, tmp_path, monkeypatch):
    ada, other = join(in_bucket, "ada"), open_site(dataclasses.replace(bucket, media_folder=str(tmp_path / "other")))
    monkeypatch.setattr(in_bucket.media, "_try_to_remove_gone", other.media._try_to_remove_gone)
    try:
        assert in_bucket.media.take_now(ada, picture()).url
        with pytest.raises(InvalidInputError):
            in_bucket.media.take_now(ada, io.BytesIO(picture().read()[:60]))
    finally:
        other.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_copy_of_ones_data_holds_the_pictures(in_bucket):
    ada = join(in_bucket, "ada")
    names = hang(in_bucket, ada)
    in_bucket.exports.ask(ada)
    with zipfile.ZipFile(in_bucket.exports.file(ada)) as archive:
        held = {name for name in archive.namelist() if name.startswith("media/")}
        assert held == {f"media/{name.replace('/', '-')}" for name in names}
        for name in held:
            Image.open(io.BytesIO(archive.read(name))).load()


@pytest.mark.long
def test_a_backup_goes_from_a_bucket_to_a_disk_and_back(in_bucket, bucket, empty_settings, stored, tmp_path):
    ada = join(in_bucket, "ada")
    hang(in_bucket, ada)
    in_bucket.operator.suspend("ada")
    before = stored()
    assert back_up(bucket, tmp_path / "backup") == len(before) == 4
    on_disk = dataclasses.replace(empty_settings, media_folder=str(tmp_path / "back"))
    with pytest.raises(StartError, match="There are pictures under s3://"):
        restore(dataclasses.replace(bucket, database_url=empty_settings.database_url), tmp_path / "backup")
    assert restore(on_disk, tmp_path / "backup") == 4
    assert set(open_files(on_disk).places()) == before


def test_the_app_serves_a_picture_from_the_bucket_as_it_does_from_the_disk(in_bucket, bucket, settings, tmp_path):
    names = hang(in_bucket, join(in_bucket, "ada"))
    on_disk = dataclasses.replace(settings, media_folder=str(tmp_path / "copy"))
    for place in in_bucket.files.places():
        with in_bucket.files.open_at(place).stream as stream:
            open_files(on_disk).put_at(place, stream)
    answers = []
    for each in (bucket, on_disk):
        app = create_app(each)
        try:
            for headers in ({}, {"Range": "bytes=3-9"}, {"If-None-Match": f'"{names[0].replace("/", "")}"'}):
                answer = app.test_client().get(f"/media/{names[0]}", headers=headers)
                told = {k: v for k, v in answer.headers if k not in {"Date", "X-Request-Id", "Last-Modified"}}
                answers.append((answer.status_code, answer.data, told))
                answer.close()
            assert app.test_client().get("/media/ab/" + "0" * 30 + ".jpg").status_code == 404
        finally:
            app.extensions["flotilla.site"].close()
    assert answers[:3] == answers[3:]
    assert [status for status, _, _ in answers[:3]] == [200, 206, 304]
    assert answers[0][2]["Cache-Control"] == "max-age=31536000, public, immutable"
    assert answers[1][1] == answers[0][1][3:10]


@pytest.mark.long
def test_pages_and_apps_find_pictures_at_another_address_that_browsers_may_load_from(bucket, in_bucket):
    names = hang(in_bucket, join(in_bucket, "ada"))
    app = create_app(dataclasses.replace(bucket, media_public_url="https://pictures.example.org/sea/public/"))
    try:
        page = app.test_client().get("/@ada")
        shown = set(re.findall(r'(?:src|href)="([^"]*\.(?:jpg|webp))"', page.text))
        at = "https://pictures.example.org/sea/public/"
        assert shown == {at + names[0], at + small_of(names[0]), at + names[1], at + small_of(names[1])}
        assert "img-src 'self' https://pictures.example.org;" in page.headers["Content-Security-Policy"]
        account = app.test_client().get("/api/v1/accounts/lookup?acct=ada").get_json()
        assert account["avatar"] == at + names[1]
    finally:
        app.extensions["flotilla.site"].close()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"media_secret_key": "another"}, "SignatureDoesNotMatch"),
        ({"media_url": "s3://elsewhere?endpoint={endpoint}"}, "There is no bucket elsewhere"),
        ({"media_url": "s3://pictures?endpoint=http://127.0.0.1:1"}, "error sending request"),
    ],
)
def test_a_site_whose_bucket_cannot_be_used_does_not_start_and_says_why(bucket, process, changes, why):
    told = {name: value.replace("{endpoint}", process.endpoint) for name, value in changes.items()}
    with pytest.raises(StartError, match=why) as caught:
        open_files(dataclasses.replace(bucket, **told)).check()
    assert "FLOTILLA_MEDIA_URL has to name a bucket" in caught.value.try_this
    assert bucket.media_secret_key not in str(caught.value)


def test_a_check_leaves_nothing_and_one_half_of_a_key_is_refused(bucket, stored):
    open_files(bucket).check()
    assert stored() == set()
    with pytest.raises(StartError, match="only one is set"):
        open_files(dataclasses.replace(bucket, media_secret_key=""))


def test_without_its_bucket_a_site_refuses_pictures_at_once_shows_pages_and_comes_back_by_itself(
    bucket, in_bucket, process, tmp_path
):
    ada = join(in_bucket, "ada")
    names = hang(in_bucket, ada)
    app = create_app(bucket)
    site, client = app.extensions["flotilla.site"], app.test_client()
    address = f"/media/{names[0]}"
    try:
        assert client.get(address).status_code == 200
        process.kill()
        begun_s = time.monotonic()
        for _ in range(5):
            answer = client.get(address)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert time.monotonic() - begun_s < 4 * PATIENCE_S
        for take in (site.media.take, site.media.take_now, site.profiles.set_avatar):
            with pytest.raises(StorageUnavailableError):
                take(ada, picture())
        assert client.get("/@ada").status_code == 200
        page = client.get("/sign-in").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        client.post("/sign-in", data={"csrf_token": token, "handle": "ada", "password": PASSWORD})
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/home").text)[1]
        answer = client.post(
            "/posts", data={"csrf_token": token, "text": "not lost", "picture_1": (picture(), "x.png")}
        )
        assert "The site cannot store pictures at the moment." in answer.text
        assert "not lost</textarea>" in answer.text
        assert site.files.is_given_up
        assert [path for path in (tmp_path / "work").rglob("*") if path.is_file()] == []
    finally:
        process.start()
    try:
        deadline_s = time.monotonic() + WAIT_S
        while client.get(address).status_code != 200:
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
        assert not site.files.is_given_up
        assert site.media.take_now(ada, picture()).url
        # What could not be removed meanwhile goes with the next sweep.
        site.media.sweep()
        assert check_up(site.database, site.files) == ()
    finally:
        site.close()


def test_a_bucket_that_hangs_is_waited_for_once(in_bucket, process, monkeypatch):
    monkeypatch.setattr("flotilla.store.bucket.PATIENCE_S", 1)
    # So long that nobody tries again meanwhile, however slow this machine is.
    monkeypatch.setattr("flotilla.store.leaving_alone.LEFT_ALONE_FIRST_S", 2 * WAIT_S)
    monkeypatch.setattr("flotilla.store.leaving_alone.LEFT_ALONE_MAX_S", 2 * WAIT_S)
    names = hang(in_bucket, join(in_bucket, "ada"))
    begun_s = time.monotonic()
    with process.hanging(), structlog.testing.capture_logs() as logs:
        with pytest.raises(StorageUnavailableError, match="error sending request"):
            in_bucket.files.open(names[0])
        assert 1 <= time.monotonic() - begun_s < WAIT_S
        for _ in range(3):
            with pytest.raises(StorageUnavailableError, match="The bucket pictures does not answer"):
                in_bucket.files.open(names[0])
    assert [line["event"] for line in logs] == ["the bucket of the pictures does not answer"]
    assert in_bucket.files.is_given_up


def test_a_listing_that_nobody_answers_does_not_say_that_the_bucket_is_back(in_bucket, process, monkeypatch):
    for name in ("LEFT_ALONE_FIRST_S", "LEFT_ALONE_MAX_S"):
        monkeypatch.setattr(f"flotilla.store.leaving_alone.{name}", 0.001)
    process.kill()
    try:
        with structlog.testing.capture_logs() as logs:
            for _ in range(3):
                with pytest.raises(StorageUnavailableError, match="error sending request"):
                    list(in_bucket.files.places())
                # Until it may be asked again.
                time.sleep(0.01)
    finally:
        process.start()
    assert [line["event"] for line in logs] == ["the bucket of the pictures does not answer"]


@pytest.mark.long
def test_workers_forked_from_a_checked_application_serve_from_the_bucket(bucket, in_bucket, tmp_path):
    names = hang(in_bucket, join(in_bucket, "ada"))
    port = free_port()
    told = {"database_url", "media_folder", "media_url", "media_key_id", "media_secret_key"}
    environment = {f"FLOTILLA_{name.upper()}": getattr(bucket, name) for name in told}
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--worker-class", "gthread"]
    command += ["--threads", "2", "--bind", f"127.0.0.1:{port}", "--no-control-socket", "flotilla.app:create_app()"]
    with Server(command, port, tmp_path / "log", environment, {}):
        for _ in range(8):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
            connection.request("GET", f"/media/{names[0]}")
            answer = connection.getresponse()
            assert (answer.status, len(answer.read())) == (200, int(answer.headers["Content-Length"]))
            connection.close()


def test_the_line_in_the_how_to_makes_the_bucket_what_the_folder_is(bucket, settings, process, tmp_path, stored):
    on_disk = dataclasses.replace(settings, media_folder=str(tmp_path / "media"))
    site = open_site(on_disk)
    try:
        bo = join(site, "bo")
        hers, (his, former) = hang(site, join(site, "ada")), hang(site, bo)
        (line,) = re.findall(r"^    (rclone sync .+)$", HOW_TO.read_text(), re.MULTILINE)
        program, *arguments = shlex.split(line)
        assert program == "rclone"
        put_in = {
            "/srv/flotilla/media": on_disk.media_folder,
            "storage:our-bucket/flotilla": f"storage:{BUCKET}/{tmp_path.name}",
        }
        arguments = [put_in.pop(argument, argument) for argument in arguments]
        assert not put_in
        environment = {
            "HOME": str(tmp_path),
            "PATH": os.environ["PATH"],
            "RCLONE_CONFIG_STORAGE_TYPE": "s3",
            "RCLONE_CONFIG_STORAGE_PROVIDER": "Other",
            "RCLONE_CONFIG_STORAGE_ENDPOINT": process.endpoint,
            "RCLONE_CONFIG_STORAGE_ACCESS_KEY_ID": process.key_id,
            "RCLONE_CONFIG_STORAGE_SECRET_ACCESS_KEY": process.secret,
        }
        assert set(re.findall(r"export (\w+)=", HOW_TO.read_text())) == set(environment) - {"HOME", "PATH"}

        def copy():
            subprocess.run([RCLONE, *arguments], env=environment, check=True, capture_output=True, timeout=WAIT_S)

        copy()
        assert stored() == both("public", *hers, his, former)
        # The site ran meanwhile: somebody was suspended, and somebody took a picture away.
        site.operator.suspend("ada")
        site.profiles.set_avatar(bo, None)
        copy()
        assert stored() == both("withheld", *hers) | both("public", his)
        assert check_up(site.database, open_files(bucket)) == ()
    finally:
        site.close()
