"""Pictures for a trial town: boats on a sea, drawn here, published by the town's people as anybody would."""

import io
from collections.abc import Sequence
from random import Random

from flotilla.social import Site, Viewer
from flotilla.store.loading import Progress

__all__ = ["drawn", "hang_pictures"]

SIZE = (640, 427)
SKIES = ("#9fc8e0", "#f2c7a5", "#c8d6df", "#f4e3b2")
SEAS = ("#1f5f7a", "#2d6f73", "#40627c", "#13414f")
SAILS = ("#f6f2e4", "#c8372d", "#f0b429", "#20303a")


def hang_pictures(
    site: Site, people: Sequence[tuple[int, str]], pictures: int, *, seed: int, progress: Progress
) -> None:
    """Let people, of whom ids and handles are given, publish that many posts with a picture each, now."""
    random = Random(f"{seed} pictures")
    for number in range(pictures):
        account_id, handle = random.choice(people)
        painter = Viewer(account_id, handle, handle)
        sail, sky = random.randrange(len(SAILS)), random.randrange(len(SKIES))
        media = site.media.take_now(
            painter, io.BytesIO(drawn(random, sail=SAILS[sail], sky=SKIES[sky])), alt="A boat under sail, drawn"
        )
        site.posts.publish(painter, f"Sketch {number + 1} of the day #boats", media_ids=[media.id])
        if (number + 1) % 50 == 0:
            progress(f"{number + 1} pictures")


def drawn(random: Random, *, sail: str, sky: str) -> bytes:
    """A boat on a sea, as a JPEG of some 10 kB."""
    from PIL import Image, ImageDraw

    width, height = SIZE
    image = Image.new("RGB", SIZE, sky)
    pen = ImageDraw.Draw(image)
    horizon = random.randrange(height // 2, height * 2 // 3)
    pen.rectangle((0, horizon, width, height), fill=random.choice(SEAS))
    across, tall = random.randrange(width // 4, width * 3 // 4), random.randrange(height // 4, height // 2)
    pen.polygon((across, horizon - tall, across, horizon, across + tall * 2 // 3, horizon), fill=sail)
    pen.polygon((across - 6, horizon - tall * 3 // 4, across - 6, horizon, across - tall // 3, horizon), fill=sail)
    pen.chord((across - tall // 2, horizon - 12, across + tall * 3 // 4, horizon + 30), 0, 180, fill="#20303a")
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85)
    return stream.getvalue()
