"""What becomes of pictures: real files by Pillow, through the real process that works on them."""

import dataclasses
import io
import json
import resource
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from flotilla.errors import UnavailableError
from flotilla.settings import Settings
from flotilla.social import pictures, reencoding
from flotilla.social.pictures import AVATAR, HEADER, IN_A_POST, PictureWorkshop, RefusedError
from flotilla.store.disk_files import DiskFiles
from flotilla.store.files import small_of

RED, BLUE = (200, 30, 40), (30, 60, 200)


SETTINGS = Settings(database_url="postgresql://nobody@127.0.0.1/none")


@pytest.fixture
def workshop(tmp_path):
    return PictureWorkshop(SETTINGS, DiskFiles(tmp_path))


@pytest.fixture
def make(workshop, tmp_path):
    """make(content, makes): the large and the small picture made of that content, as Pillow reads them."""
    files = DiskFiles(tmp_path)

    def made(content, makes=IN_A_POST):
        source = files.receive(io.BytesIO(content), most_bytes=64 << 20)
        try:
            picture = workshop.make(source, makes)
        finally:
            files.remove(source)
        large, small = (loaded(files.path_of(name)) for name in (picture.file, small_of(picture.file)))
        assert large.size == (picture.width, picture.height)
        return large, small

    return made


def loaded(path):
    """The picture in that file, with the file's bytes as `written`."""
    written = path.read_bytes()
    with Image.open(io.BytesIO(written)) as image:
        image.load()
        image.written = written
        return image


def encoded(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def two_halves(width=300, height=200, mode="RGB"):
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), BLUE)
    ImageDraw.Draw(image).rectangle((0, 0, width // 2 - 1, height), fill=RED)
    return image.convert(mode)


def near(colour, expected, by=12):
    return all(abs(a - b) <= by for a, b in zip(colour[:3], expected, strict=True))


@pytest.mark.parametrize(
    ("kind", "mode", "suffix"),
    [("JPEG", "RGB", "JPEG"), ("PNG", "RGB", "WEBP"), ("WEBP", "RGB", "WEBP"), ("GIF", "P", "WEBP"),
     ("PNG", "P", "WEBP"), ("JPEG", "L", "JPEG"), ("PNG", "1", "WEBP")],
)  # fmt: skip
def test_each_kind_of_picture_is_made_anew(make, kind, mode, suffix):
    large, small = make(encoded(two_halves(mode=mode), kind))
    assert (large.format, large.mode, large.size) == (suffix, "RGB", (300, 200))
    assert (small.format, small.size) == (suffix, (300, 200))
    if mode == "RGB":
        assert near(large.getpixel((40, 100)), RED)
        assert near(large.getpixel((260, 100)), BLUE)


def test_a_large_picture_becomes_one_that_fits_and_a_small_one(make):
    large, small = make(encoded(two_halves(4000, 1000), "JPEG"))
    assert (large.size, small.size) == ((2000, 500), (640, 160))


def test_what_the_camera_wrote_is_gone_and_the_picture_stands_upright(make):
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera turned: the left edge of the file is the top
    exif[0x010F] = "Maker of cameras"
    exif.get_ifd(0x8825).update({1: "N", 2: (54.0, 10.0, 5.0), 3: "E", 4: (7.0, 53.0, 0.0)})
    content = encoded(two_halves(300, 200), "JPEG", exif=exif, comment=b"at home", quality=95)
    assert b"Maker of cameras" in content
    assert Image.open(io.BytesIO(content)).getexif().get_ifd(0x8825)[1] == "N"

    for picture in make(content):
        assert picture.size == (200, 300)
        assert near(picture.getpixel((100, 40)), RED)
        assert near(picture.getpixel((100, 260)), BLUE)
        written = picture.written
        assert dict(picture.getexif()) == {}
        assert not any(word in written for word in (b"Exif", b"Maker", b"at home", b"GPS", b"ICC_PROFILE", b"http"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_way_to_hold_a_camera_ends_upright(make, orientation):
    # A corner of its own colour; stored as the camera would, by undoing what the orientation asks for.
    upright = two_halves(300, 200)
    ImageDraw.Draw(upright).rectangle((0, 0, 60, 60), fill=(250, 240, 20))
    turns = Image.Transpose
    undo = {1: None, 2: turns.FLIP_LEFT_RIGHT, 3: turns.ROTATE_180, 4: turns.FLIP_TOP_BOTTOM, 5: turns.TRANSPOSE,
            6: turns.ROTATE_90, 7: turns.TRANSVERSE, 8: turns.ROTATE_270}[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = upright if undo is None else upright.transpose(undo)

    large, _ = make(encoded(stored, "JPEG", exif=exif, quality=95))

    assert large.size == (300, 200)
    assert near(large.getpixel((25, 25)), (250, 240, 20), by=20)
    assert near(large.getpixel((260, 150)), BLUE)


def test_comments_and_profiles_of_a_png_are_gone(make):
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "somebody real")
    notes.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>home</x:xmpmeta>")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for picture in make(encoded(two_halves(), "PNG", pnginfo=notes, icc_profile=profile)):
        written = picture.written
        assert not any(word in written for word in (b"somebody", b"xmpmeta", b"ICCP", b"EXIF", b"XMP "))
        assert near(picture.convert("RGB").getpixel((40, 100)), RED)


def test_a_page_hidden_in_a_picture_is_not_in_what_is_made_of_it(make):
    script = b"<html><script>alert(document.cookie)</script></html>"
    jpeg = encoded(two_halves(), "JPEG", comment=script) + script
    gif = encoded(two_halves(mode="P"), "GIF", comment=script) + script
    for content in (jpeg, gif):
        assert script in content
        for picture in make(content):
            assert b"<" not in picture.written[:64]
            assert b"script" not in picture.written


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7\n",
        b"%!PS\n(%pipe%id) (w) file\n",
        encoded(two_halves(), "BMP"),
        encoded(two_halves(), "TIFF"),
        encoded(two_halves(), "AVIF"),
        b"",
        b"GIF89a",
        b"\xff\xd8\xff" + bytes(400),
        b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    ],
    ids=["svg", "html", "pdf", "postscript", "bmp", "tiff", "avif", "empty", "gif", "jpeg", "webp"],
)
def test_what_is_no_picture_of_ours_is_refused(make, content, tmp_path):
    with pytest.raises(RefusedError):
        make(content)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_that_breaks_off_is_refused(make, kind):
    noise = Image.effect_noise((400, 300), 90).convert("P" if kind == "GIF" else "RGB")
    content = encoded(noise, kind)
    with pytest.raises(RefusedError, match="damaged"):
        make(content[: len(content) // 2])


def test_of_an_animation_the_first_picture_stays(make):
    frames = [Image.new("RGB", (80, 60), colour) for colour in (RED, BLUE)]
    for kind in ("GIF", "WEBP"):
        large, _ = make(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100))
        assert getattr(large, "n_frames", 1) == 1
        assert near(large.getpixel((40, 30)), RED)


def test_print_colours_become_screen_colours(make):
    for picture in make(encoded(two_halves(mode="CMYK"), "JPEG", quality=95)):
        assert picture.mode == "RGB"
        assert near(picture.getpixel((40, 100)), RED)


def test_sixteen_bits_of_grey_keep_their_shades(make):
    wide = Image.new("I;16", (90, 30))
    for x in range(90):
        for y in range(30):
            wide.putpixel((x, y), (0, 32768, 65535)[x // 30])
    large, _ = make(encoded(wide, "PNG"))
    # Of 65,535 the half is 32,768, of 255 it is 128.
    assert [near(large.getpixel((x, 15)), (grey,) * 3, by=4) for x, grey in ((12, 0), (45, 128), (78, 255))] == [
        True
    ] * 3


def test_transparency_stays_and_only_where_there_is_some(make):
    glass = two_halves(mode="RGBA")
    glass.putalpha(Image.linear_gradient("L").resize(glass.size))
    large, _ = make(encoded(glass, "PNG"))
    assert large.mode == "RGBA"
    assert large.getpixel((40, 5))[3] < 20 < 230 < large.getpixel((40, 195))[3]
    assert make(encoded(two_halves(mode="RGBA"), "PNG"))[0].mode == "RGB"


def test_a_colour_profile_is_applied_and_left_behind(make):
    # By a profile whose red is another's green, a red picture is shown green by whoever knows profiles.
    swapped = swapped_profile()
    large, _ = make(encoded(Image.new("RGB", (40, 40), (255, 0, 0)), "PNG", icc_profile=swapped))
    red, green, _ = large.getpixel((20, 20))
    assert green > 200 > red
    # One that makes no sense changes nothing.
    large, _ = make(encoded(Image.new("RGB", (40, 40), RED), "PNG", icc_profile=b"nonsense"))
    assert near(large.getpixel((20, 20)), RED)


def swapped_profile():
    """sRGB with the red and the green primary exchanged: the tags' names swap places in the table of the profile."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    table = slice(128, 132 + 12 * int.from_bytes(profile[128:132]))
    profile[table] = bytes(profile[table]).replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")
    return bytes(profile)


def test_avatars_are_square_headers_wide_and_neither_is_made_larger(make):
    large, small = make(encoded(two_halves(1000, 600), "PNG"), AVATAR)
    assert (large.size, small.size) == ((400, 400), (128, 128))
    # The middle of the picture: as much of each half.
    assert near(large.getpixel((60, 200)), RED)
    assert near(large.getpixel((340, 200)), BLUE)
    assert make(encoded(two_halves(90, 50), "PNG"), AVATAR)[0].size == (50, 50)
    large, small = make(encoded(two_halves(3000, 3000), "JPEG"), HEADER)
    assert (large.size, small.size) == ((1500, 500), (600, 200))


def test_the_thinnest_pictures_are_pictures_too(make):
    for size in ((1, 1), (1, 5000), (9000, 1)):
        large, small = make(encoded(Image.new("RGB", size, RED), "PNG"))
        assert min(large.size + small.size) >= 1
        assert max(large.size) <= 2000
        make(encoded(Image.new("RGB", size, RED), "PNG"), AVATAR)


def bomb():
    """A PNG of 10,000 x 10,000 pixels in a few kilobytes, made by hand: 400 MB once it is decoded."""

    def chunk(kind, content):
        body = kind + content
        return len(content).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)

    lines = zlib.compressobj(9)
    packed = b"".join(lines.compress(bytes(10_000 * 3 + 1)) for _ in range(10_000)) + lines.flush()
    head = (10_000).to_bytes(4) + (10_000).to_bytes(4) + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


# 34 bytes that say they are a WebP of 12,000 x 12,000 pixels, without loss and all of one colour.
WEBP_BOMB = (
    b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0e\x00\x00\x00\x2f"
    + ((12_000 - 1) | (12_000 - 1) << 14).to_bytes(4, "little")
    + bytes.fromhex("0710fd8ffe07221111")
)


def peak_kib(content, tmp_path, memory_mib):
    """What the process said and the most memory it held, in KiB, by the kernel's own account."""
    source = tmp_path / "source"
    source.write_bytes(content)
    work = {"source": str(source), "memory_bytes": memory_mib << 20,
            "makes": [{"path": str(tmp_path / "made"), "width": 2000, "height": 2000, "crop": False}]}  # fmt: skip
    watched = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], input=sys.stdin.buffer.read(), capture_output=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
        "print(done.stdout.decode())"
    )
    command = [sys.executable, "-c", watched, sys.executable, "-I", reencoding.__file__]
    done = subprocess.run(command, input=json.dumps(work), capture_output=True, text=True, timeout=60, check=True)
    peak, _, answer = done.stdout.partition("\n")
    return int(peak), json.loads(answer)


@pytest.mark.linux
@pytest.mark.parametrize("made", [bomb, lambda: WEBP_BOMB], ids=["png", "webp"])
def test_a_bomb_is_refused_by_its_header_before_it_takes_memory(made, tmp_path):
    content = made()
    assert len(content) < 400_000
    peak, answer = peak_kib(content, tmp_path, 192)
    assert "million pixels at most" in answer["refused"]
    assert peak < 40 * 1024


@pytest.mark.linux
def test_what_gets_past_the_header_is_stopped_by_the_systems_own_bound(tmp_path, monkeypatch):
    # 25 million pixels fit by the header into 400 MiB; the process is held to 150.
    content = encoded(Image.new("RGB", (5000, 5000)), "PNG", compress_level=1)
    told = tmp_path / "program.py"
    source = Path(reencoding.__file__).read_text()
    told.write_text(source.replace('_limit(work["memory_bytes"])', "_limit(150 << 20)"))
    monkeypatch.setattr(reencoding, "__file__", str(told))
    peak, answer = peak_kib(content, tmp_path, 400)
    assert "memory" in answer["refused"]
    assert peak < 150 * 1024


@pytest.mark.linux
@pytest.mark.long
def test_the_largest_pictures_that_are_taken_stay_within_the_memory_that_is_said(tmp_path):
    for kind, mode in (("PNG", "RGBA"), ("WEBP", "RGBA"), ("GIF", "P")):
        side = int(reencoding.pixels_max(kind, 96 << 20) ** 0.5)
        content = encoded(two_halves(side, side, mode=mode), kind, **({"method": 0} if kind == "WEBP" else {}))
        peak, answer = peak_kib(content, tmp_path, 96)
        assert answer.get("width") == min(2000, side), answer
        assert peak < 96 * 1024
    # A telephone's 50 million pixels, which are made fewer while they are decoded.
    peak, answer = peak_kib(encoded(Image.new("RGB", (8160, 6120), RED), "JPEG"), tmp_path, 96)
    assert answer["height"] == 1500
    assert peak < 80 * 1024


def test_a_process_that_hangs_is_ended_and_the_picture_refused(workshop, make, monkeypatch):
    monkeypatch.setattr(pictures, "WORK_MAX_S", 0.01)
    with pytest.raises(RefusedError, match="too long"):
        make(encoded(two_halves(), "PNG"))


def test_a_decoder_that_crashes_takes_only_its_own_process_along(make, monkeypatch, tmp_path):
    crashing = tmp_path / "crashing.py"
    crashing.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    monkeypatch.setattr(reencoding, "__file__", str(crashing))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with pytest.raises(RefusedError, match="cannot be worked on"):
        make(encoded(two_halves(), "PNG"))


def test_the_process_knows_no_secret_of_the_sites(workshop, make, monkeypatch, tmp_path):
    telling = tmp_path / "telling.py"
    telling.write_text("import json, os\nprint(json.dumps({'refused': ' '.join(os.environ)}))")
    monkeypatch.setattr(reencoding, "__file__", str(telling))
    monkeypatch.setenv("FLOTILLA_SECRET_KEY", "not for decoders")
    with pytest.raises(RefusedError) as caught:
        make(encoded(two_halves(), "PNG"))
    assert "FLOTILLA" not in str(caught.value)


def test_one_picture_is_worked_on_at_a_time_and_a_crowd_is_sent_away(workshop, tmp_path, monkeypatch):
    at_work, most, lock, go_on = 0, 0, threading.Lock(), threading.Event()

    def slow(_work):
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        go_on.wait(10)
        with lock:
            at_work -= 1
        return {"refused": "done"}

    monkeypatch.setattr(workshop, "_asked", slow)
    source = DiskFiles(tmp_path).receive(io.BytesIO(b"x"), most_bytes=10)
    outcomes = []

    def one():
        try:
            workshop.make(source, IN_A_POST)
        except (RefusedError, UnavailableError) as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(0.3)
    # One is at work and one waits; the others hold no thread of the site.
    assert outcomes == [UnavailableError] * 4
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert (most, outcomes[4:]) == (1, [RefusedError] * 2)


def test_the_memory_for_a_picture_can_be_set(tmp_path):
    small = PictureWorkshop(dataclasses.replace(SETTINGS, media_memory_mib=96), DiskFiles(tmp_path))
    source = DiskFiles(tmp_path).receive(io.BytesIO(encoded(two_halves(3000, 2500), "PNG")), most_bytes=1 << 20)
    with pytest.raises(RefusedError, match=r"to 1\.9 million"):
        # (96 - 72) MiB at 13 bytes a pixel
        small.make(source, IN_A_POST)
