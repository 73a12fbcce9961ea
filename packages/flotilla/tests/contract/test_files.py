"""Files of pictures keep the same promises on a disk and in a bucket."""

import io
import time

import pytest
from bucket_process import bucket_process

from flotilla.bucket_address import BucketAddress
from flotilla.store.bucket import Bucket, BucketKey
from flotilla.store.bucket_files import BucketFiles
from flotilla.store.disk_files import DiskFiles
from flotilla.store.files import FileTooLargeError, new_name, small_of


@pytest.fixture(scope="module")
def process():
    with bucket_process() as running:
        yield running


@pytest.fixture(params=["disk", "bucket"])
def kind(request, process, tmp_path):
    """How to open the same files on each machine, and the keys of what is stored."""
    if request.param == "disk":

        def keys():
            return {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}

        return lambda _machine: DiskFiles(tmp_path), keys

    def on(machine):
        key = BucketKey(process.key_id, process.secret)
        return BucketFiles(tmp_path / machine, Bucket(BucketAddress.parse(process.url(tmp_path.name)), key))

    return on, lambda: process.keys(tmp_path.name)


@pytest.fixture
def machine(kind):
    """machine("one"), machine("two"): the files as each of a site's machines sees them."""
    return kind[0]


@pytest.fixture
def files(machine):
    return machine("one")


@pytest.fixture
def keys(kind):
    return kind[1]


def hang(files, large=b"large", small=b"small"):
    """Both makes of a picture, published; its name."""
    name = f"{new_name()}.jpg"
    for each, content in ((small_of(name), small), (name, large)):
        path = files.work_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        files.publish(path, each)
        assert not path.exists()
    return name


def content(files, name):
    opened = files.open(name)
    if opened is None:
        return None
    with opened.stream:
        read = opened.stream.read()
    assert opened.size_bytes == len(read)
    assert abs(opened.written_s - time.time()) < 60
    return read


def test_a_published_picture_is_read_whole_on_every_machine(machine):
    name = hang(machine("one"), large=b"x" * 3_000_000)
    assert content(machine("two"), name) == b"x" * 3_000_000
    assert content(machine("two"), small_of(name)) == b"small"
    assert content(machine("two"), f"{new_name()}.jpg") is None


def test_what_was_shared_is_at_hand_on_every_machine_until_it_is_removed(machine, keys):
    name = machine("one").receive(io.BytesIO(b"as it came"), most_bytes=100)
    with machine("one").at_hand(name) as path:
        assert path.read_bytes() == b"as it came"
    machine("one").share(name)
    with machine("two").at_hand(name) as path:
        assert path.read_bytes() == b"as it came"
    assert keys() == {f"incoming/{name}"}
    machine("two").remove(name)
    assert keys() == set()
    with machine("one").at_hand(name) as path:
        assert not path.exists()


def test_what_is_too_large_is_not_kept(files, keys, tmp_path):
    with pytest.raises(FileTooLargeError):
        files.receive(io.BytesIO(b"x" * 101), most_bytes=100)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert keys() == set()


def test_a_withheld_picture_is_nobodys_until_it_is_shown(files, keys):
    hers, his = hang(files), hang(files)
    for _ in range(2):
        files.withhold(hers)
        assert (content(files, hers), content(files, small_of(hers)), content(files, his)) == (None, None, b"large")
    assert (set(files.shown()), set(files.withheld())) == ({his}, {hers})
    assert files.whole([hers, his]) == {hers, his}
    assert keys() == {
        *(f"withheld/{each}" for each in (hers, small_of(hers))), *(f"public/{each}" for each in (his, small_of(his)))
    }  # fmt: skip
    for _ in range(2):
        files.show(hers)
        assert (content(files, hers), content(files, small_of(hers))) == (b"large", b"small")
    assert (set(files.shown()), set(files.withheld())) == ({hers, his}, set())


def test_a_move_that_was_left_half_done_is_finished_by_doing_it_again(files, keys):
    name = hang(files)
    files.put_at(f"withheld/{small_of(name)}", io.BytesIO(b"small"))
    assert (set(files.shown()), set(files.withheld())) == ({name}, {name})
    files.withhold(name)
    assert keys() == {f"withheld/{name}", f"withheld/{small_of(name)}"}


def test_removing_takes_both_makes_wherever_they_are_and_minds_nothing_that_is_gone(files, keys):
    shown, withheld, other = hang(files), hang(files), hang(files)
    files.withhold(withheld)
    files.remove(shown, withheld, f"{new_name()}.webp", "0" * 32)
    assert keys() == {f"public/{other}", f"public/{small_of(other)}"}
    files.remove(shown)


def test_all_that_is_stored_is_found_and_half_a_picture_too(files, keys):
    names = {hang(files) for _ in range(5)}
    half, withheld = hang(files), hang(files)
    files.withhold(withheld)
    received = files.receive(io.BytesIO(b"x"), most_bytes=10)
    orphan = f"{new_name()}.webp"
    path = files.work_path()
    path.write_bytes(b"x")
    files.publish(path, small_of(orphan))
    assert {one.name for one in files.stored()} == {*names, half, withheld, received, orphan}
    assert all(abs(one.written_s - time.time()) < 60 for one in files.stored())
    assert files.whole([*names, half, withheld, orphan]) == {*names, half, withheld}


def test_what_goes_while_it_is_looked_for_is_left_out(files):
    received = {files.receive(io.BytesIO(b"x"), most_bytes=10) for _ in range(3)}
    found = files.stored()
    first = next(found).name
    for name in received:
        files.drop(name)
    assert {one.name for one in found} | {first} <= received


def test_pictures_come_back_from_a_backup_to_where_they_lay(files, keys):
    name, withheld = hang(files), hang(files)
    files.withhold(withheld)
    kept = {}
    for place in files.places():
        with files.open_at(place).stream as stream:
            kept[place] = stream.read()
    assert set(kept) == keys()
    files.remove(name, withheld)
    assert set(files.places()) == set()
    for place, read in kept.items():
        files.put_at(place, io.BytesIO(read))
    assert (content(files, name), content(files, withheld)) == (b"large", None)
    assert files.open_at(f"public/{withheld}") is None
    assert files.whole([name, withheld]) == {name, withheld}


@pytest.mark.parametrize("name", ["../x.jpg", "ab/" + "0" * 30 + ".svg", "ab/" + "0" * 30 + ".jpg\n", "incoming/x", ""])
def test_no_name_leads_anywhere_else(files, name):
    doings = (files.open, files.withhold, files.show, files.drop, lambda bad: files.open_at(f"public/{bad}"))
    for do in doings:
        with pytest.raises(ValueError, match=r"no (name|place) of"):
            do(name)
