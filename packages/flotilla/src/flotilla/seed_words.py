"""The words a trial town is written with: names, sentences, links and hashtags, drawn from a given random source."""

from random import Random
from typing import NamedTuple

__all__ = ["HASHTAGS", "WARNING", "Draft", "bio", "display_name", "draft"]

_FIRST_NAMES = """
Ada Amir Ana Astrid Ben Björn Carla Chidi Dana Diego Elif Emma Farid Fatima Finn Greta Hana Hugo Ines Ivan Jonas Julia
Kofi Lea Liam Lucía Maja Marek Mei Mila Nadia Nils Noor Olga Omar Paula Pedro Priya Rosa Ruben Sana Sofia Tariq Tove
Uma Viktor Wanda Yara Yusuf Zoë
"""
_LAST_NAMES = """
Adeyemi Bauer Bianchi Chen Costa Dahl Diaz Eriksen Fischer Garcia Haddad Hansen Ito Jansen Kaya Keller Khan Kowalski
Larsen Lindqvist Meyer Moreau Nowak Okafor Olsen Park Patel Petrov Ricci Rossi Santos Sato Schmidt Silva Singh Suzuki
Tanaka Torres Vogel Weber Wójcik Yılmaz
"""
OPENINGS = (
    "Just got back from",
    "Can anyone recommend",
    "Still thinking about",
    "Today I finally finished",
    "Three things I learned from",
    "Nobody told me about",
    "A short thread on",
    "Good morning to everyone except",
    "Hot take:",
    "Looking forward to",
    "Slowly getting better at",
    "My neighbour showed me",
)
SUBJECTS = (
    "the harbour market",
    "a bike with one working brake",
    "sourdough that refuses to rise",
    "the new library by the station",
    "growing tomatoes on a balcony",
    "old maps of the coast",
    "learning to sail in the rain",
    "a database that was slow for a very boring reason",
    "the choir's spring concert",
    "repairing a radio from 1962",
    "night trains",
    "the film everyone talks about",
    "my grandmother's soup",
    "keeping bees in the city",
    "a marathon I did not train for",
    "writing letters by hand",
)
ENDINGS = (
    "and it was worth every minute.",
    "Ask me again in a week.",
    "I did not expect that at all!",
    "Would do it again tomorrow.",
    "Pictures later, when I am dry again.",
    "Does it get easier with time?",
    "It took the whole weekend, and I regret nothing.",
    "If you are around, come along. There will be cake.",
    "The trick is to begin before you feel ready, then to ask someone who has done it for twenty years.",
    "More people should know this.",
)
_TOPICS = """
sailing cooking books cycling garden trains music film science history maps weather coffee running python photography
bees bread chess knitting poetry football theatre birds mountains sea radio design cats dogs
"""
FIRST_NAMES, LAST_NAMES, TOPICS = (tuple(words.split()) for words in (_FIRST_NAMES, _LAST_NAMES, _TOPICS))
HASHTAGS = TOPICS + tuple(
    f"{topic}{suffix}" for suffix in ("club", "daily", "2025", "tips", "life") for topic in TOPICS
)
LINK_SHARE = 0.10
HASHTAG_SHARE = 0.20
WARNING = "Long story"


class Draft(NamedTuple):
    """A post's text, and which hashtags (by number, each once) it uses; whoever is mentioned was given."""

    text: str
    hashtags: tuple[int, ...]


def display_name(random: Random) -> str:
    """A person's name."""
    return f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}"


def bio(random: Random) -> str:
    """What a person says of themselves: nothing, for one in three."""
    return "" if random.random() < 1 / 3 else f"Mostly {random.choice(TOPICS)}, sometimes {random.choice(TOPICS)}."


def draft(random: Random, mentioned: str | None) -> Draft:
    """A post of 30-250 characters; `mentioned` is a handle to address, if any."""
    chance = random.random
    words = [
        OPENINGS[int(chance() * len(OPENINGS))],
        SUBJECTS[int(chance() * len(SUBJECTS))] + ".",
        ENDINGS[int(chance() * len(ENDINGS))],
    ]
    if chance() < 0.3:
        words.append(ENDINGS[int(chance() * len(ENDINGS))])
    if mentioned is not None:
        words.insert(0, f"@{mentioned}")
    if chance() < LINK_SHARE:
        words.append(f"https://example.org/{TOPICS[int(chance() * len(TOPICS))]}/{int(chance() * 10000)}")
    hashtags: tuple[int, ...] = ()
    if chance() < HASHTAG_SHARE:
        # The square favours the first, as in life: few tags are used by many.
        drawn = (int(chance() ** 2 * len(HASHTAGS)) for _ in range(1 if chance() < 0.7 else 2))
        hashtags = tuple(dict.fromkeys(drawn))
        words += [f"#{HASHTAGS[number]}" for number in hashtags]
    return Draft(" ".join(words), hashtags)
