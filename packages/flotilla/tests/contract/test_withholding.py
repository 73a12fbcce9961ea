"""Pictures of people who are suspended: their addresses lead to nothing until that is taken back."""

import argparse
import contextlib
import dataclasses
import io
import os
import pwd
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from flotilla.backup import back_up, restore
from flotilla.commands import run_command
from flotilla.errors import StartError
from flotilla.social import open_site
from flotilla.social.checkup import check_up
from flotilla.social.sanctions import Kind
from flotilla.social.withholding import MOVED_AT_ONCE, misplaced, put_right
from flotilla.store.disk_files import DiskFiles
from flotilla.store.files import new_name, small_of

PASSWORD = "a calm sea at dawn"


def picture():
    stream = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(stream, "PNG")
    stream.seek(0)
    return stream


@pytest.fixture
def shown(site):
    """shown(viewer): the addresses of a picture that they posted and of their new avatar, both makes of each."""

    def hang(viewer):
        media = site.media.take_now(viewer, picture())
        site.posts.publish(viewer, "look", media_ids=[media.id])
        avatar = site.profiles.set_avatar(viewer, picture())
        return [media.url, media.preview_url, f"/media/{avatar}", f"/media/{small_of(avatar)}"]

    return hang


@pytest.fixture
def statuses(app):
    def status(address):
        with app.test_client().get(address) as answer:
            return answer.status_code

    return lambda addresses: {status(address) for address in addresses}


def test_pictures_of_whoever_is_suspended_are_served_to_nobody_until_it_is_undone(site, person, shown, statuses):
    mo, ada, bo = person("mo", "moderator"), person("ada"), person("bo")
    hers, his = shown(ada), shown(bo)
    assert statuses([*hers, *his]) == {200}

    suspended = site.sanctions.impose(mo, ada.account_id, Kind.SUSPEND)
    assert (statuses(hers), statuses(his)) == ({404}, {200})
    # A web server in front serves that folder by itself.
    assert len([path for path in site.files.public_folder.rglob("*") if path.is_file()]) == len(his)
    assert check_up(site.database, site.files) == ()

    site.sanctions.undo(mo, suspended)
    assert statuses([*hers, *his]) == {200}
    silenced = site.sanctions.impose(mo, ada.account_id, Kind.SILENCE)
    site.sanctions.undo(mo, silenced)
    assert statuses([*hers, *his]) == {200}

    assert site.operator.suspend("ada")
    assert (statuses(hers), statuses(his)) == ({404}, {200})
    assert site.operator.restore("ada")
    assert statuses([*hers, *his]) == {200}


def test_with_a_suspended_account_its_pictures_leave_the_disk(site, person, shown):
    ada = person("ada")
    shown(ada)
    site.operator.suspend("ada")
    assert list(Path(site.settings.media_folder).rglob("*.*")) != []

    site.departures.close(ada.account_id)

    assert list(Path(site.settings.media_folder).rglob("*.*")) == []


def test_the_check_puts_pictures_where_their_owners_state_wants_them(site, owner, person, shown, statuses):
    hers, his = shown(person("ada")), shown(person("bo"))
    site.operator.suspend("bo")
    # As a crash between a decision and its task leaves it, in both directions.
    owner.execute("UPDATE g.account SET state = 'suspended' WHERE handle = 'ada'")
    owner.execute("UPDATE g.account SET state = 'active' WHERE handle = 'bo'")
    (finding,) = check_up(site.database, site.files)
    assert (finding.count, finding.mended) == (4, False)

    check_up(site.database, site.files, repair=True)

    assert (statuses(hers), statuses(his)) == ({404}, {200})
    assert check_up(site.database, site.files) == ()


def test_the_check_goes_by_what_is_decided_when_it_moves_a_picture(site, owner, person, shown, statuses):
    hers = shown(person("ada"))
    owner.execute("UPDATE g.account SET state = 'suspended' WHERE handle = 'ada'")
    found = list(misplaced(site.database, site.files))
    assert len(found) == 2
    owner.execute("UPDATE g.account SET state = 'active' WHERE handle = 'ada'")

    put_right(site.database, site.files, found)

    assert statuses(hers) == {200}


def test_the_check_shows_nobody_a_withheld_picture_that_no_row_knows(site):
    name = f"{new_name()}.jpg"
    site.files.put_at(f"withheld/{name}", io.BytesIO(b"of somebody who is gone"))
    check_up(site.database, site.files, repair=True)
    assert (list(site.files.shown()), list(site.files.withheld())) == ([], [name])


def test_pictures_are_moved_a_few_in_each_transaction_for_a_bucket_takes_its_time(site, owner, person, monkeypatch):
    ada = person("ada")
    owner.execute(
        "INSERT INTO s0000.media (id, account_id, state, file, width, height)"
        " SELECT n, %s, 'ready', 'ab/' || lpad(n::text, 30, '0') || '.jpg', 1, 1 FROM generate_series(1, 23) n",
        [ada.account_id],
    )
    moved = Counter()

    def move(_files, _name):
        ((transaction,),) = owner.execute(
            "SELECT virtualtransaction FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE datname = current_database() AND relation = 'g.account'::regclass AND mode = 'RowShareLock'"
        ).fetchall()
        moved[transaction] += 1

    monkeypatch.setattr(DiskFiles, "withhold", move)
    site.operator.suspend("ada")

    assert sum(moved.values()) == 23
    assert max(moved.values()) == MOVED_AT_ONCE


def test_a_backup_holds_withheld_pictures_and_brings_them_back_withheld(
    site, settings, empty_settings, person, shown, tmp_path
):
    hers = shown(person("ada"))
    site.operator.suspend("ada")
    assert back_up(settings, tmp_path / "backup") == len(hers)
    folder = Path(empty_settings.media_folder)
    folder.mkdir(mode=0o750)
    give_to_nobody(folder)
    back = dataclasses.replace(empty_settings, media_folder=str(folder / "back"))
    assert restore(back, tmp_path / "backup") == len(hers)
    files = DiskFiles(folder / "back")
    names = [address.removeprefix("/media/") for address in (hers[0], hers[2])]
    assert (files.whole(names), list(files.shown())) == (set(names), [])
    # Root's command, or the site's user's: what it made is that user's.
    assert owners(folder) == {folder.stat().st_uid}
    with the_sites_user():
        files.show(names[0])
        files.remove(names[1])
    assert (list(files.shown()), files.whole(names)) == ([names[0]], {names[0]})


def test_a_backup_holds_what_is_withheld_while_it_is_made(site, settings, person, shown, tmp_path, monkeypatch):
    hers = shown(person("ada"))
    told = DiskFiles.places

    def places(files):
        found = list(told(files))
        site.operator.suspend("ada")
        return iter(found)

    monkeypatch.setattr(DiskFiles, "places", places)
    assert back_up(settings, tmp_path / "backup") == len(hers)
    with tarfile.open(tmp_path / "backup") as archive:
        held = {name for name in archive.getnames() if name.startswith("media/")}
    assert held == {address.replace("/media/", "media/withheld/") for address in hers}


@contextlib.contextmanager
def the_sites_user():
    """Where root runs the tests, the pictures are given to nobody, and inside `with` this process is nobody too."""
    if os.geteuid() != 0:
        yield
        return
    nobody = pwd.getpwnam("nobody").pw_uid
    os.seteuid(nobody)
    try:
        yield
    finally:
        os.seteuid(0)


def give_to_nobody(folder):
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)


def owners(folder):
    return {path.stat().st_uid for path in (folder, *folder.rglob("*"))}


def test_pictures_that_root_takes_are_the_sites_own_users_and_no_folder_is_opened_wider(settings, person, tmp_path):
    tmp_path.chmod(0o777)
    give_to_nobody(tmp_path)
    site = open_site(dataclasses.replace(settings, media_folder=str(tmp_path / "media")))
    try:
        site.media.take_now(person("ada"), picture())
    finally:
        site.close()
    assert owners(tmp_path) == {tmp_path.stat().st_uid}
    folders = {path.name: path.stat().st_mode & 0o007 for path in (tmp_path / "media", *(tmp_path / "media").iterdir())}
    assert folders == {"media": 0o005, "public": 0o005, "incoming": 0}


def test_what_root_withholds_the_sites_own_user_can_show_again_and_remove(site, person, shown):
    hers = shown(person("ada"))
    folder = Path(site.settings.media_folder)
    give_to_nobody(folder)
    (folder / "public").chmod(0o750)
    folder.chmod(0o750)

    site.operator.suspend("ada")

    made = [path for path in (folder / "withheld").rglob("*") if path.is_dir()]
    like = (folder.stat().st_uid, 0o750)
    assert {(path.stat().st_uid, path.stat().st_mode & 0o777) for path in (folder / "withheld", *made)} == {like}
    kept, gone = (address.removeprefix("/media/") for address in (hers[0], hers[2]))
    with the_sites_user():
        site.files.check_moving()
        site.files.show(kept)
        site.files.remove(gone)
    assert (list(site.files.shown()), site.files.whole([kept, gone])) == ([kept], {kept})


def test_nobody_is_suspended_by_a_user_of_the_machine_who_may_not_move_the_pictures(site, person, shown, settings):
    hers = shown(person("ada"))
    folder = Path(site.settings.media_folder)
    give_to_nobody(folder)
    within = folder / "public" / hers[0].removeprefix("/media/")[:2]
    within.chmod(0o555)
    suspend = argparse.Namespace(command="user", deed="suspend", handle="ada")
    try:
        with the_sites_user(), pytest.raises(StartError, match=f"{within} belongs to .*\n.*or as root"):
            run_command(suspend, settings, tell=print)
    finally:
        within.chmod(0o755)
    assert site.operator.suspend("ada"), "nothing was done"
