"""Every key of seatrial.toml, declared once: type, default, bounds, meaning, example.

`seatrial.spec.checking` validates by it, `seatrial.spec.reference` writes docs/reference/seatrial-toml.md from it.
"""

from seatrial.spec.database_keys import DATABASE
from seatrial.spec.habit_keys import HABITS
from seatrial.spec.key import FLAG, NUMBER, PATH, WHOLE_NUMBER, WHOLE_NUMBERS, Key, Section
from seatrial.spec.lever_keys import LEVERS
from seatrial.spec.server_keys import SERVER
from seatrial.spec.services_keys import SERVICES
from seatrial.spec.subject_keys import PLAN, SUBJECT
from seatrial.spec.trial_spec import MeasureSettings
from seatrial.spec.workload_keys import OBJECTIVE, OPERATIONS, TARGET, WORKLOAD

__all__ = ["KEYS", "MEASURE", "SECTIONS", "SMALLEST_FILE"]

SMALLEST_FILE = """\
[subject]
app = "shop:create_app()"

[[workload.operations]]
name = "front page"
path = "/"
"""
"""The least a seatrial.toml must say."""

_MEASURE = MeasureSettings()


def _seconds(name: str, about: str, default: float) -> Key:
    return Key(f"measure.{name}", NUMBER, about, f"{name} = {default:g}", default, above=0, at_most=3600)


MEASURE = Section(
    "measure",
    "How long and how often to measure. The defaults take about five minutes; less is quicker and less sure.",
    (
        Key(
            "measure.restarts",
            WHOLE_NUMBER,
            "How many times the app is started afresh and measured. The interval of the answer comes from how much the "
            "starts differ; with fewer than 3 the answer says so.",
            "restarts = 3",
            default=_MEASURE.restarts,
            at_least=1,
            at_most=50,
        ),
        Key(
            "measure.brief_starts",
            WHOLE_NUMBER,
            "Further fresh starts in which only the saturation is measured, about 20 s each: on the plan's CPU, and on "
            "half of one, or a whole one where the plan has less, to see what a fraction costs. The spread between "
            "starts makes the interval wide; with five of them it is about half as wide as with three.",
            "brief_starts = 2",
            default=_MEASURE.brief_starts,
            at_least=0,
            at_most=50,
        ),
        Key(
            "measure.plan_starts",
            WHOLE_NUMBER,
            "How many more fresh starts are measured with the worker count that the model finds best for the plan, to "
            "check its prediction; and in a brief start with four workers on each CPU (or one: whichever differs more) "
            "what workers cost each other that share one. 0 leaves both out: the answer is then about the declared "
            "workers only.",
            "plan_starts = 1",
            default=_MEASURE.plan_starts,
            at_least=0,
            at_most=10,
        ),
        Key(
            "measure.inside",
            FLAG,
            "Whether one more fresh start, of about 25 s, is spent on seeing where the time of a request goes: a small "
            "piece of code around your app (gunicorn only; your files stay as they are) and glances at what PostgreSQL "
            "does. Capacities are measured without it.",
            "inside = true",
            default=_MEASURE.inside,
        ),
        Key(
            "measure.faults",
            FLAG,
            "Whether one more fresh start, of about 12 s, is spent on what it costs that debugging is on, that "
            "templates are looked at anew for each request, and that the app itself hands out stylesheets and other "
            "files: such settings are switched off and on between requests (your files stay as they are). Not with "
            "`server.command`, which Seatrial cannot put anything into. Capacities are measured without it.",
            "faults = true",
            default=_MEASURE.faults,
        ),
        _seconds(
            "warm_up_max_s",
            "At most this long is the app warmed up after a start; nothing is counted.",
            _MEASURE.warm_up_max_s,
        ),
        _seconds(
            "half_load_s", "How long half of the full rate is sent, to see what a request costs.", _MEASURE.half_load_s
        ),
        _seconds("saturation_s", "How long the app is kept fully busy, to see what gives way.", _MEASURE.saturation_s),
        _seconds(
            "confirm_s",
            "How long each of the two rates around the answer is sent: one must pass, one fail.",
            _MEASURE.confirm_s,
        ),
        _seconds(
            "search_trial_s",
            "How long each step of the search takes, when the answer was not confirmed.",
            _MEASURE.search_trial_s,
        ),
        Key(
            "measure.within_s",
            NUMBER,
            "The study may take about so long: what does not fit any more is left out, and named in the answer. First "
            "goes the check of a prediction, then the look inside, then the search; the fresh starts are all made.",
            "within_s = 240",
            default=_MEASURE.within_s,
            default_words="as long as it takes",
            at_least=0,
            at_most=86_400,
        ),
        Key(
            "measure.seed",
            WHOLE_NUMBER,
            "Starts every random draw, so that two runs send the same requests at the same times.",
            "seed = 1",
            default=_MEASURE.seed,
            at_least=0,
            at_most=2**63 - 1,
        ),
        Key(
            "measure.sizes",
            WHOLE_NUMBERS,
            "Three or more amounts of data, such as people. After the study itself, the data is prepared afresh with "
            "each (`{size}` in `subject.prepare`), and every operation is sent one at a time. So `seatrial advise "
            "--growth` can tell demands that grow as a search in an index does from those that grow with the table. A "
            "journeys file finds the amount in the environment variable SEATRIAL_SIZE.",
            "sizes = [1000, 10000, 100000]",
            default=_MEASURE.sizes,
            default_words="none: only the study's own amount",
            above=0,
            at_most=1_000_000_000,
        ),
        Key(
            "measure.allow_noise",
            FLAG,
            "Measure even when this machine is too busy to be trusted. The answer then carries a caveat.",
            "allow_noise = false",
            default=_MEASURE.allow_noise,
        ),
        Key(
            "measure.results",
            PATH,
            "The folder for study.json and report.html. A relative path starts at the folder of seatrial.toml.",
            'results = "results"',
            default="results",
        ),
    ),
)

SECTIONS: tuple[Section, ...] = (
    SUBJECT,
    SERVER,
    DATABASE,
    SERVICES,
    PLAN,
    WORKLOAD,
    OPERATIONS,
    OBJECTIVE,
    MEASURE,
    HABITS,
    TARGET,
    LEVERS,
)

KEYS: tuple[Key, ...] = tuple(key for section in SECTIONS for key in section.keys)
