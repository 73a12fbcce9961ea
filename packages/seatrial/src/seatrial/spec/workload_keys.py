"""The keys of seatrial.toml that say what users do and how well they must be served: workload, slo, target."""

from seatrial.spec.key import FLAG, NUMBER, NUMBERS_BY_NAME, PATH, TEXT, TEXT_BY_NAME, WHOLE_NUMBER, Key, Section
from seatrial.spec.slo import SLO
from seatrial.spec.workload import OperationSpec, WorkloadSpec

__all__ = ["OBJECTIVE", "OPERATIONS", "TARGET", "WORKLOAD"]

_WORKLOAD = WorkloadSpec()
_OPERATION = OperationSpec(name="", path="")
_SLO = SLO()

WORKLOAD = Section(
    "workload",
    "What the users do: plain requests, each a `[[workload.operations]]`; or, for an app with sign-in and forms, "
    "functions of a Python file, `journeys`, with their weights in `mix`; or both.",
    (
        Key(
            "workload.journeys",
            PATH,
            "A Python file whose generator functions are what users do: each yields requests and gets their answers "
            "([all their steps](journeys.md)). A relative path starts at the folder of seatrial.toml.",
            'journeys = "journeys.py"',
            default_words="none",
        ),
        Key(
            "workload.mix",
            NUMBERS_BY_NAME,
            "How often each function of the journeys file is called, as weights: only their proportion counts.",
            "mix = { home_timeline = 70, post = 5 }",
            default={},
            default_words="none",
            at_least=0,
        ),
        Key(
            "workload.sign_in",
            TEXT,
            "The function of the journeys file that signs one person in. It runs once for each of `people` after every "
            "start, outside the measured time.",
            'sign_in = "sign_in"',
            default=_WORKLOAD.sign_in,
            default_words="none: nobody signs in",
        ),
        Key(
            "workload.headers",
            TEXT_BY_NAME,
            "Headers sent with every request, that of the health path too, unless it has its own of that name. An app "
            "that sends everybody to HTTPS answers when it is told that the visitor came that way, as a proxy in front "
            'of it does: `"X-Forwarded-Proto" = "https"`. One that answers only to its own name gets it by `Host`.',
            'headers = { "X-Forwarded-Proto" = "https", Host = "shop.example.org" }',
            default={},
            default_words="none",
        ),
        Key(
            "workload.people",
            WHOLE_NUMBER,
            "How many different people the load acts as.",
            "people = 30",
            default=_WORKLOAD.people,
            at_least=1,
            at_most=100_000,
        ),
        Key(
            "workload.arrivals",
            TEXT,
            "When requests come: `poisson`, at random as from people who do not know of each other, or "
            "`constant`, evenly spaced, which is kinder than life.",
            'arrivals = "poisson"',
            default=_WORKLOAD.arrivals,
            choices=("poisson", "constant"),
        ),
        Key(
            "workload.arrivals_are",
            TEXT,
            "What comes: `operations`, each by itself; or `sessions`, each a person who follows one journey of the mix "
            "to its end, with its pauses. Rates then count sessions. `seatrial measure` works with operations only.",
            'arrivals_are = "sessions"',
            default=_WORKLOAD.arrivals_are,
            choices=("operations", "sessions"),
        ),
        Key(
            "workload.returning",
            NUMBER,
            "Of sessions: the share begun by one of `people`, who were there before (and signed in, with `sign_in`). "
            "All others are begun by a person who comes for the first time.",
            "returning = 0.8",
            default=_WORKLOAD.returning,
            at_least=0,
            at_most=1,
        ),
        Key(
            "workload.order",
            TEXT,
            "In which order the mix is sent: `random`, each drawn by itself, as people come; or `stratified`, with its "
            "exact shares in every 20, which measures what a request costs sooner, but spreads rare slow requests "
            "evenly, so that fewer wait behind them than would in life. While the app is only kept busy it is always "
            "the latter.",
            'order = "random"',
            default=_WORKLOAD.order,
            choices=("random", "stratified"),
        ),
        Key(
            "workload.listeners",
            WHOLE_NUMBER,
            "How many people hold an open socket while the load runs, such as a Socket.IO connection of a page that "
            "updates itself. They are connected before anything is measured.",
            "listeners = 500",
            default=_WORKLOAD.listeners,
            at_least=0,
            at_most=100_000,
        ),
        Key(
            "workload.listener",
            TEXT,
            "The function of the journeys file that each of `listeners` follows; it connects, and comes to a `listen`.",
            'listener = "live_updates"',
            default=_WORKLOAD.listener,
            default_words="none: nobody listens",
        ),
        Key(
            "workload.timeout_s",
            NUMBER,
            "After how many seconds a person gives up; the request then counts as failed.",
            "timeout_s = 10",
            default=_WORKLOAD.timeout_s,
            above=0,
            at_most=300,
        ),
        Key(
            "workload.keep_alive",
            FLAG,
            "Whether a person's requests use one connection again, as browsers do, or open a new one each time.",
            "keep_alive = true",
            default=_WORKLOAD.keep_alive,
        ),
    ),
)

OPERATIONS = Section(
    "workload.operations",
    "One plain request. Repeat the section for each.",
    (
        Key("workload.operations.name", TEXT, "What it is called in the answer.", 'name = "front page"', required=True),
        Key(
            "workload.operations.path",
            TEXT,
            "The path that is asked for, with its query.",
            'path = "/?page=1"',
            required=True,
        ),
        Key(
            "workload.operations.method",
            TEXT,
            "The HTTP method.",
            'method = "GET"',
            default=_OPERATION.method,
            choices=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
        ),
        Key(
            "workload.operations.weight",
            NUMBER,
            "How often it is sent, against the weights of the others.",
            "weight = 3",
            default=_OPERATION.weight,
            at_least=0,
        ),
        Key(
            "workload.operations.body",
            TEXT,
            "What is sent with a POST, PUT or PATCH.",
            'body = "title=hello"',
            default=_OPERATION.body,
            default_words="empty",
        ),
        Key(
            "workload.operations.content_type",
            TEXT,
            "What the body is.",
            'content_type = "application/json"',
            default=_OPERATION.content_type,
        ),
        Key(
            "workload.operations.expect_status",
            WHOLE_NUMBER,
            "The only status that counts as a good answer. A fast refusal must not pass for speed.",
            "expect_status = 200",
            default=_OPERATION.expect_status,
            at_least=100,
            at_most=599,
        ),
        Key(
            "workload.operations.expect_text",
            TEXT,
            "Text that the answer must hold to count as good.",
            'expect_text = "Welcome"',
            default=_OPERATION.expect_text,
            default_words="not looked for",
        ),
    ),
    repeated=True,
)

OBJECTIVE = Section(
    "slo",
    "The service level objective: what is good enough. The capacity is the highest rate at which it is still met.",
    (
        Key(
            "slo.latency_quantile",
            NUMBER,
            "The share of requests that must be answered in time.",
            "latency_quantile = 0.95",
            default=_SLO.latency_quantile,
            above=0,
            below=1,
            hint="95 % is written 0.95.",
        ),
        Key(
            "slo.latency_max_ms",
            NUMBER,
            "In how many milliseconds, counted from the moment the request was due. At most `workload.timeout_s`.",
            "latency_max_ms = 500",
            default=_SLO.latency_max_s * 1000,
            above=0,
            at_most=300_000,
        ),
        Key(
            "slo.error_ratio_max",
            NUMBER,
            "The share of requests that may fail.",
            "error_ratio_max = 0.001",
            default=_SLO.error_ratio_max,
            at_least=0,
            below=1,
            hint="0.1 % is written 0.001.",
        ),
    ),
)


TARGET = Section(
    "target",
    "What you need. Without it the capacity is told and nothing is judged against it.",
    (
        Key(
            "target.rate_rps",
            NUMBER,
            "Requests per second in the busiest minutes.",
            "rate_rps = 50",
            default_words="nothing asked",
            above=0,
        ),
        Key(
            "target.daily_users",
            NUMBER,
            "People who come on a day.",
            "daily_users = 5000",
            default_words="nothing asked",
            above=0,
        ),
    ),
)
