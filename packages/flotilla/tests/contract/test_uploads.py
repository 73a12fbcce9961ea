"""Pictures between the database and the disk: taken, worked on, given to a post, and gone when no row knows them."""

import io
import os
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from PIL import Image

from flotilla.errors import InvalidInputError, NotFoundError, StartError, UnavailableError
from flotilla.social import Paging, uploads
from flotilla.social.orphans import find_orphans, remove_orphans
from flotilla.social.sanctions import Kind
from flotilla.store.disk_files import DiskFiles
from flotilla.store.files import small_of

PASSWORD = "correct horse"


def join(site, handle):
    return site.accounts.sign_up(handle=handle, password=PASSWORD).viewer


def picture(colour="red", size=(30, 20), kind="PNG"):
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, kind)
    stream.seek(0)
    return stream


def too_busy(*_arguments):
    raise UnavailableError("Too many pictures came at once.")


def on_disk(site):
    return sorted(path.name for path in Path(site.settings.media_folder).rglob("*") if path.is_file())


def test_a_picture_is_taken_worked_on_and_shown_with_its_post(site):
    ada = join(site, "ada")
    media_id = site.media.take(ada, picture(size=(3000, 1500)), alt="  A red sail ", focus=(0.25, -1.0))
    upload = site.media.find(ada, media_id)
    assert (upload.state, upload.alt, upload.focus, upload.post_id) == ("ready", "A red sail", (0.25, -1.0), None)
    assert (upload.media.width, upload.media.height, upload.media.kind) == (2000, 1000, "image")

    post_id = site.posts.publish(ada, "", media_ids=[media_id])

    (shown,) = site.posts.read(None, post_id).media
    assert shown == upload.media
    assert (shown.alt, shown.focus) == ("A red sail", (0.25, -1.0))
    files = {f"/media/{path.parent.name}/{path.name}" for path in site.files.public_folder.rglob("*.webp")}
    assert files == {shown.url, shown.preview_url}
    assert len(on_disk(site)) == 2, "what was sent is not kept"


def test_pictures_keep_the_order_they_were_given_in_and_a_page_of_posts_asks_once(site, statements):
    ada = join(site, "ada")
    ids = [site.media.take_now(ada, picture(), alt=str(n)).id for n in range(5)]
    site.posts.publish(ada, "three", media_ids=[ids[2], ids[0], ids[1]])
    site.posts.publish(ada, "two", media_ids=[ids[4], ids[3]])
    site.posts.publish(ada, "none")
    with statements() as sent:
        page = site.timelines.public(None)
    assert [[media.alt for media in post.media] for post in page.items] == [[], ["4", "3"], ["2", "0", "1"]]
    assert len([text for text in sent if b'FROM "s0000".media' in text]) == 1
    with statements() as sent:
        site.timelines.public(None, Paging(before=page.items[2].id))
    assert [text for text in sent if b'FROM "s0000".media' in text] == [], (
        "nothing is asked for where there are no pictures"
    )


@pytest.fixture
def statements(monkeypatch):
    """statements(): a context that collects the statements sent meanwhile."""

    @contextmanager
    def collecting():
        sent = []
        execute = psycopg.Connection.execute

        def noting(self, query, *arguments, **options):
            sent.append(query if isinstance(query, bytes) else str(query).encode())
            return execute(self, query, *arguments, **options)

        with monkeypatch.context() as patched:
            patched.setattr(psycopg.Connection, "execute", noting)
            yield sent

    return collecting


def test_a_post_takes_its_authors_own_ready_pictures_and_no_other_posts(site):
    ada, bob = join(site, "ada"), join(site, "bob")
    mine, hers = site.media.take_now(ada, picture()).id, site.media.take_now(bob, picture()).id
    broken = site.media.take(ada, io.BytesIO(b"\x89PNG\r\n\x1a\n and no more"))
    assert site.media.find(ada, broken).state == "failed"
    site.posts.publish(ada, "first", media_ids=[mine])
    for media_ids in ([hers], [mine], [broken], [2**62], [-1], [site.media.take_now(ada, picture()).id, hers]):
        with pytest.raises(InvalidInputError) as caught:
            site.posts.publish(ada, "hello", media_ids=media_ids)
        assert set(caught.value.problems) == {"media"}
    assert [post.text for post in site.timelines.public(None).items] == ["first"], "nothing half done"


def test_a_post_has_at_most_four_pictures_and_counts_each_once(site):
    ada = join(site, "ada")
    ids = [site.media.take_now(ada, picture()).id for _ in range(5)]
    with pytest.raises(InvalidInputError):
        site.posts.publish(ada, "five", media_ids=ids)
    post_id = site.posts.publish(ada, "four", media_ids=[*ids[:4], ids[0]])
    assert [media.id for media in site.posts.read(ada, post_id).media] == ids[:4]


def test_one_picture_never_ends_in_two_posts(site):
    ada = join(site, "ada")
    media_id = site.media.take_now(ada, picture()).id
    outcomes, start = [], threading.Barrier(4)

    def publish():
        start.wait()
        try:
            outcomes.append(site.posts.publish(ada, "", media_ids=[media_id]))
        except InvalidInputError:
            outcomes.append(None)

    threads = [threading.Thread(target=publish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome is None for outcome in outcomes) == [False, True, True, True]
    (post,) = site.timelines.public(None).items
    assert [media.id for media in post.media] == [media_id]


def test_deleting_a_post_removes_its_files_at_once(site, owner):
    ada = join(site, "ada")
    post_id = site.posts.publish(ada, "", media_ids=[site.media.take_now(ada, picture()).id])
    kept = site.posts.publish(ada, "", media_ids=[site.media.take_now(ada, picture()).id])
    site.posts.delete(ada, post_id)
    assert len(on_disk(site)) == 2
    assert site.posts.read(ada, kept).media
    assert owner.execute("SELECT count(*) FROM s0000.media_gone").fetchone() == (0,)


def test_what_a_moderator_removes_is_gone_from_the_disk_at_once(site, person):
    ada, mo = person("ada"), person("mo", "moderator")
    post_id = site.posts.publish(ada, "", media_ids=[site.media.take_now(ada, picture()).id])
    site.sanctions.impose(mo, ada.account_id, Kind.REMOVE, post_ids=[post_id])
    assert on_disk(site) == []


def test_an_account_that_goes_takes_all_its_files_along_whoever_deletes_it(site, owner):
    ada = join(site, "ada")
    site.posts.publish(ada, "", media_ids=[site.media.take_now(ada, picture()).id])
    site.media.take_now(ada, picture())
    owner.execute("UPDATE s0000.profile SET avatar = %s", ["ab/" + "0" * 30 + ".jpg"])
    owner.execute("DELETE FROM s0000.profile")
    assert len(on_disk(site)) == 4, "rows are gone, files wait for the sweep"
    assert site.media.sweep() == 3
    assert on_disk(site) == []
    assert owner.execute("SELECT count(*) FROM s0000.media_gone").fetchone() == (0,)


def test_a_rolled_back_deletion_removes_nothing(site):
    ada = join(site, "ada")
    post_id = site.posts.publish(ada, "", media_ids=[site.media.take_now(ada, picture()).id])

    def delete_and_fail():
        with site.database.write() as work:
            work.count("DELETE FROM {shard}.posts WHERE id = %(id)s", {"id": post_id}, shard="s0000")
            site.media.remove_gone_after(work, post_id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        delete_and_fail()
    assert site.media.sweep() == 0
    assert len(on_disk(site)) == 2
    assert site.posts.read(ada, post_id).media


def test_what_no_post_took_within_a_day_is_swept(site):
    ada = join(site, "ada")
    attached = site.media.take_now(ada, picture()).id
    site.posts.publish(ada, "", media_ids=[attached])
    waiting = site.media.take_now(ada, picture()).id
    now = datetime.now(UTC)
    site.media.sweep(now + timedelta(hours=23, minutes=59))
    assert site.media.find(ada, waiting).state == "ready"
    site.media.sweep(now + timedelta(hours=24, minutes=1))
    with pytest.raises(NotFoundError):
        site.media.find(ada, waiting)
    assert site.media.find(ada, attached).post_id
    assert len(on_disk(site)) == 2


def test_working_on_a_picture_again_changes_nothing(site, monkeypatch):
    ada = join(site, "ada")
    media_id = site.media.take(ada, picture())
    before, files = site.media.find(ada, media_id), on_disk(site)
    site.media.process(media_id)
    site.media.process(2**62)
    assert (site.media.find(ada, media_id), on_disk(site)) == (before, files)


def test_two_who_work_on_the_same_picture_leave_one_of_it(site, monkeypatch):
    ada = join(site, "ada")
    monkeypatch.setattr(uploads.PictureWorkshop, "make", too_busy)
    media_id = site.media.take(ada, picture())
    assert site.media.find(ada, media_id).state == "processing"
    monkeypatch.undo()
    make = site.media._workshop.make

    def make_twice(_source, makes):
        monkeypatch.undo()
        site.media.process(media_id)
        # The other is done and has removed what was sent; this one began before that.
        return make(spare, makes)

    spare = site.files.receive(picture(), most_bytes=1 << 20)
    monkeypatch.setattr(site.media._workshop, "make", make_twice)
    site.media.process(media_id)
    site.files.remove(spare)
    url = site.media.find(ada, media_id).media.url
    assert [f"/media/{path.parent.name}/{path.name}" for path in site.files.public_folder.rglob("*[0-9a-f].webp")] == [
        url
    ]


def test_a_picture_whose_row_goes_while_it_is_worked_on_leaves_no_file(site, owner, monkeypatch):
    ada = join(site, "ada")
    make = site.media._workshop.make

    def make_and_lose(source, makes):
        made = make(source, makes)
        owner.execute("DELETE FROM s0000.media")
        return made

    monkeypatch.setattr(site.media._workshop, "make", make_and_lose)
    site.media.take(ada, picture())
    assert on_disk(site) == []


def test_what_a_dead_process_left_undone_is_done_by_the_sweep(site, monkeypatch):
    ada = join(site, "ada")
    monkeypatch.setattr(uploads.PictureWorkshop, "make", too_busy)
    media_id = site.media.take(ada, picture())
    assert site.media.find(ada, media_id).state == "processing"
    with pytest.raises(UnavailableError):
        site.media.take_now(ada, picture())
    monkeypatch.undo()
    site.media.sweep(datetime.now(UTC) + timedelta(minutes=9))
    assert site.media.find(ada, media_id).state == "processing"
    site.media.sweep(datetime.now(UTC) + timedelta(minutes=11))
    assert site.media.find(ada, media_id).state == "ready"
    assert len(on_disk(site)) == 2, "and what was taken for nobody is gone"


def test_only_its_owner_describes_finds_and_discards_a_picture(site):
    ada, bob = join(site, "ada"), join(site, "bob")
    media_id = site.media.take_now(ada, picture()).id
    for act in (site.media.find, site.media.describe, site.media.discard):
        for viewer, wanted in ((bob, media_id), (ada, 2**62), (ada, 0), (ada, 10**30)):
            with pytest.raises(NotFoundError):
                act(viewer, wanted)
    assert site.media.waiting(bob, [media_id]) == ()
    assert site.media.describe(ada, media_id, alt="A sail").alt == "A sail"
    assert site.media.describe(ada, media_id, focus=(0.5, 0.5)).media.alt == "A sail"
    site.posts.publish(ada, "", media_ids=[media_id])
    assert site.media.describe(ada, media_id, alt="A sail at dusk").media.alt == "A sail at dusk"
    with pytest.raises(NotFoundError):
        site.media.discard(ada, media_id)


@pytest.mark.parametrize("focus", [(1.1, 0), (0, -2), (float("nan"), 0), (float("inf"), 0)])
def test_descriptions_and_focus_have_bounds(site, focus):
    ada = join(site, "ada")
    for wrong in ({"alt": "x" * 1501}, {"focus": focus}):
        with pytest.raises(InvalidInputError):
            site.media.take(ada, picture(), **wrong)
    assert on_disk(site) == []
    assert site.media.take_now(ada, picture(), alt="x" * 1500)


def test_a_file_that_is_too_large_or_no_picture_leaves_nothing(site):
    ada = join(site, "ada")
    for stream in (io.BytesIO(b"\xff\xd8\xff" + bytes(10 << 20)), io.BytesIO(b"<svg/>"), io.BytesIO(b"")):
        for take in (site.media.take, site.media.take_now):
            stream.seek(0)
            with pytest.raises(InvalidInputError) as caught:
                take(ada, stream)
            assert set(caught.value.problems) == {"file"}
    with pytest.raises(InvalidInputError, match="damaged"):
        site.media.take_now(ada, io.BytesIO(b"\xff\xd8\xff" + bytes(1000)))
    assert on_disk(site) == []


def test_nobody_fills_the_disk_with_pictures_for_no_post(site, monkeypatch):
    ada = join(site, "ada")
    monkeypatch.setattr(uploads, "UNATTACHED_MAX", 2)
    first = site.media.take_now(ada, picture()).id
    site.media.take_now(ada, picture())
    with pytest.raises(InvalidInputError, match="wait for a post"):
        site.media.take(ada, picture())
    site.media.discard(ada, first)
    site.media.take_now(ada, picture())


def test_a_full_disk_is_no_fault_of_the_picture_and_leaves_nothing(site, monkeypatch):
    ada = join(site, "ada")
    monkeypatch.setattr("flotilla.store.files.FREE_MIN_BYTES", 1 << 60)
    with pytest.raises(UnavailableError):
        site.media.take(ada, picture())
    assert on_disk(site) == []


def test_orphans_on_both_sides_are_found_and_the_young_left_alone(site, owner):
    ada = join(site, "ada")
    shown = site.media.take_now(ada, picture())
    site.posts.publish(ada, "", media_ids=[shown.id])
    lost = site.media.take_now(ada, picture())
    lost_file = lost.url.removeprefix("/media/")
    site.files.path_of(small_of(lost_file)).unlink()
    orphan = site.files.path_of("ab/" + "0" * 30 + ".jpg")
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"x")
    half = site.files.receive(io.BytesIO(b"x"), most_bytes=10)
    now_s = orphan.stat().st_mtime
    for path in Path(site.settings.media_folder).rglob("*"):
        os.utime(path, (now_s, now_s))

    assert find_orphans(site.database, site.files, now_s=now_s + 3500).files == ()
    found = find_orphans(site.database, site.files, now_s=now_s + 3700)
    assert (set(found.files), found.missing) == ({"ab/" + "0" * 30 + ".jpg", half}, (lost_file,))
    assert remove_orphans(site.files, found) == 2
    assert not find_orphans(site.database, site.files, now_s=now_s + 3700).files


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "ab/../../x.jpg", "/etc/passwd", "ab/" + "0" * 30 + ".svg", "ab/" + "0" * 30 + ".jpg\n", "",
     "AB/" + "0" * 30 + ".jpg", "ab/" + "٣" * 30 + ".jpg", "incoming/" + "0" * 32, "0" * 31,
     "ab/" + "0" * 30 + ".jpg/x"],
)  # fmt: skip
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    with pytest.raises(ValueError, match="no name"):
        DiskFiles(tmp_path).path_of(name)


def test_a_site_whose_pictures_have_nowhere_to_go_does_not_start(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StartError, match="FLOTILLA_MEDIA_FOLDER"):
        DiskFiles(tmp_path / "file" / "media").check()
    DiskFiles(tmp_path / "not" / "yet").check()
    assert list(tmp_path.iterdir()) == [tmp_path / "file"], "looking makes no folders"
