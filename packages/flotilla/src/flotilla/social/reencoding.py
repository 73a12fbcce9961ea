"""One picture made anew from what somebody sent, in a process of its own: `python -I reencoding.py`, told by JSON.

Decoders of pictures are the oldest way into a site, and the easiest way to fill its memory. So they run here, where
there is no connection, no secret and no other request: within a bound of memory and CPU time that the system enforces,
killed when they take too long. Whatever comes out was encoded by this process, so it holds pixels and nothing else:
no camera's notes, no place, no colour profile, nothing behind the picture's end.

This file imports nothing of the site. It reads the work from its input, `{"source", "memory_bytes", "makes": [{"path",
"width", "height", "crop"}]}`, and prints `{"width", "height", "suffix"}` (of the first one made) or `{"refused": why}`.
"""

import io
import json
import math
import sys
import warnings
from contextlib import suppress
from typing import Any

__all__ = ["RefusedError", "format_of", "pixels_max", "reencode"]

# What this process takes without a picture, and what the largest one it makes takes until it is encoded.
BASE_BYTES = (40 + 32) << 20
CPU_MAX_S = 20
OUTPUT_MAX_BYTES = 16 << 20
JPEG_QUALITY = 82
WEBP_QUALITY = 84
WEBP_EFFORT = 3
ORIENTATION = 0x0112
# Bytes of memory for each pixel that is decoded, at worst: the pixels themselves at 4 bytes, once more while
# transparency is worked into a copy, and what the decoder keeps beside them. Measured, then rounded up.
BYTES_PER_PIXEL = {"JPEG": 6, "PNG": 13, "GIF": 9, "WEBP": 23}
MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)


class RefusedError(Exception):
    """The picture cannot be taken; the text is meant for whoever sent it."""


def format_of(head: bytes) -> str | None:
    """JPEG, PNG, GIF or WEBP, by the first 12 bytes of a file; None for anything else, whatever its name says."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for magic, kind in MAGIC if head.startswith(magic)), None)


def pixels_max(kind: str, memory_bytes: int) -> int:
    """How many pixels of a format, decoded whole, fit into that memory."""
    return max(0, memory_bytes - BASE_BYTES) // BYTES_PER_PIXEL[kind]


def reencode(source: str, makes: list[dict[str, Any]], memory_bytes: int) -> dict[str, Any]:
    """Make each of `makes`, the largest first and all of one shape, from the file at `source`. Raises RefusedError.

    Gives width, height and suffix of the first.
    """
    # What was decoded is given back before anything is encoded, which takes as much memory again.
    kind, made = _largest(source, makes[0], memory_bytes)
    answer: dict[str, Any] = {}
    for make in makes:
        made = _fitted(made, make, 1)
        suffix = _saved(made, make["path"], as_jpeg=kind == "JPEG")
        answer = answer or {"width": made.width, "height": made.height, "suffix": suffix}
    return answer


def _largest(source: str, make: dict[str, Any], memory_bytes: int) -> tuple[str, Any]:
    """The file's format, and the picture as that make has it, upright and in sRGB."""
    from PIL import Image

    with open(source, "rb") as file:  # noqa: PTH123 (no pathlib, which takes a fifth of this process's start)
        kind = format_of(file.read(12))
        if kind is None:
            raise RefusedError("This is not a picture that this site takes: JPEG, PNG, WebP or GIF.")
        file.seek(0)
        most = pixels_max(kind, memory_bytes)
        # Pillow refuses twice this number by itself, for WebP before its decoder asks for memory.
        Image.MAX_IMAGE_PIXELS = None if kind == "JPEG" else max(1, most // 2)
        warnings.simplefilter("ignore")
        try:
            picture = Image.open(file, formats=[kind])
        except Image.DecompressionBombError:
            raise _too_large(most) from None
        orientation = picture.getexif().get(ORIENTATION, 1)
        profile = picture.info.get("icc_profile")
        wanted = _wanted(picture.size, make, turned=orientation in {5, 6, 7, 8})
        _refuse_too_large(picture, kind, memory_bytes, wanted)
        drawn = _decoded(picture, wanted)
    return kind, _in_srgb(_upright(_fitted(drawn, make, orientation), orientation), profile)


def _wanted(size: tuple[int, int], make: dict[str, Any], *, turned: bool) -> tuple[int, int]:
    """How large the whole picture has to be decoded for that make, at least; as it lies in the file."""
    width, height = size
    box = (make["height"], make["width"]) if turned else (make["width"], make["height"])
    choose = max if make["crop"] else min
    scale = min(1.0, choose(box[0] / width, box[1] / height))
    return max(1, math.ceil(width * scale)), max(1, math.ceil(height * scale))


def _refuse_too_large(picture: Any, kind: str, memory_bytes: int, wanted: tuple[int, int]) -> None:
    width, height = picture.size
    most = pixels_max(kind, memory_bytes)
    if kind == "JPEG":
        # A JPEG is made smaller by halves while it is decoded. What then counts is what the decoder keeps of the whole:
        # little when the lines come in order, but every coefficient, of two bytes, when they come in several passes.
        scale = next(s for s in (8, 4, 2, 1) if s <= max(1, min(width // wanted[0], height // wanted[1])))
        held = 2 * _samples_per_pixel(picture) if picture.info.get("progressive") else 0.0
        most = int(max(0, memory_bytes - BASE_BYTES) / (held + 0.1 + BYTES_PER_PIXEL[kind] / scale**2))
    if width * height > most:
        raise _too_large(most)


def _samples_per_pixel(picture: Any) -> float:
    """1 for grey, 3 for colours, less where colours are stored more coarsely than brightness (1.5 is usual)."""
    areas: list[int] = [across * down for _, across, down, _ in picture.layer]
    return sum(areas) / max(areas)


def _too_large(most: int) -> RefusedError:
    return RefusedError(
        "This picture has more pixels than this site can work on: make it smaller, "
        f"to {most / 1e6:.1f} million pixels at most."
    )


def _decoded(picture: Any, wanted: tuple[int, int]) -> Any:
    """The picture's first frame, at least as large as wanted, in a mode that can be made smaller smoothly."""
    if picture.format in {"JPEG", "MPO"}:
        picture.draft(None, wanted)
    picture.load()
    match picture.mode:
        case "I;16" | "I;16B" | "I;16L" | "I;16N" | "I":
            # 16 bits of grey: the high ones; converting would cut off all above 255.
            return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
        case "L" | "RGB" | "RGBA" | "LA" | "CMYK":
            if "transparency" in picture.info:
                return picture.convert("RGBA")
            return picture
        case "1":
            return picture.convert("L")
        case "P" | "PA":
            return picture.convert("RGBA" if "transparency" in picture.info or picture.mode == "PA" else "RGB")
        case _:
            return picture.convert("RGB")


def _fitted(drawn: Any, make: dict[str, Any], orientation: int) -> Any:
    """The picture within the make's box, or, with `crop`, its middle in the box's shape; never made larger."""
    from PIL import Image

    turned = orientation in {5, 6, 7, 8}
    box = (make["height"], make["width"]) if turned else (make["width"], make["height"])
    width, height = drawn.size
    cut = (0.0, 0.0, float(width), float(height))
    if make["crop"]:
        scale = min(width / box[0], height / box[1])
        across, down = box[0] * scale, box[1] * scale
        cut = ((width - across) / 2, (height - down) / 2, (width + across) / 2, (height + down) / 2)
    across, down = cut[2] - cut[0], cut[3] - cut[1]
    scale = min(1.0, box[0] / across, box[1] / down)
    size = (max(1, round(across * scale)), max(1, round(down * scale)))
    return drawn.resize(size, Image.Resampling.LANCZOS, box=cut, reducing_gap=3.0)


def _upright(picture: Any, orientation: int) -> Any:
    from PIL import Image

    turns = Image.Transpose
    turn = {
        2: turns.FLIP_LEFT_RIGHT,
        3: turns.ROTATE_180,
        4: turns.FLIP_TOP_BOTTOM,
        5: turns.TRANSPOSE,
        6: turns.ROTATE_270,
        7: turns.TRANSVERSE,
        8: turns.ROTATE_90,
    }.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def _in_srgb(picture: Any, profile: bytes | None) -> Any:
    """The colours as every browser shows them without a profile; a profile that makes no sense is ignored."""
    mode = "RGBA" if picture.mode in {"RGBA", "LA"} else "RGB"
    if profile and picture.mode in {"RGB", "RGBA", "CMYK", "L"}:
        from PIL import ImageCms

        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
            if converted is not None:
                picture = converted
    if picture.mode != mode:
        picture = picture.convert(mode)
    if mode == "RGBA" and picture.getextrema()[3][0] == 255:
        picture = picture.convert("RGB")
    # Comments and the like, which saving would carry over.
    picture.info = {}
    return picture


def _saved(picture: Any, path: str, *, as_jpeg: bool) -> str:
    if as_jpeg:
        picture.save(path, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
        return "jpg"
    try:
        picture.save(path, "WEBP", quality=WEBP_QUALITY, method=WEBP_EFFORT)
    except ValueError as error:
        # The encoder's own word for running out of memory; nothing else can be wrong with these pixels.
        raise MemoryError from error
    return "webp"


def _limit(memory_bytes: int) -> None:
    import resource

    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, CPU_MAX_S),
        (resource.RLIMIT_FSIZE, OUTPUT_MAX_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        # Not every system knows every limit; the others hold there.
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def _main() -> None:
    work = json.load(sys.stdin)
    _limit(work["memory_bytes"])
    answer: dict[str, Any]
    try:
        answer = reencode(work["source"], work["makes"], work["memory_bytes"])
    except RefusedError as refused:
        answer = {"refused": str(refused)}
    except MemoryError:
        answer = {"refused": "This picture takes more memory than this site gives to one: make it smaller."}
    except Exception as error:  # noqa: BLE001 (a decoder may raise anything)
        answer = {"refused": "This picture is damaged or not complete.", "error": f"{type(error).__name__}: {error}"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    _main()
