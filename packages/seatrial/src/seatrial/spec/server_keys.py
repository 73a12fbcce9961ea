"""The keys of seatrial.toml that say how the app is served."""

from seatrial.spec.key import COMMAND, FLAG, TEXT, WHOLE_NUMBER, Key, Section
from seatrial.spec.subject import EVENT_LOOP_SLOTS, SERVER_KINDS, WORKER_CLASSES, Server

__all__ = ["SERVER"]

_SERVER = Server()

SERVER = Section(
    "server",
    "The program that runs the app and takes its requests.",
    (
        Key(
            "server.kind",
            TEXT,
            "Which server. By name it is started by Seatrial with the settings below, from the app's own Python: "
            "`gunicorn` (WSGI; ASGI with worker_class `asgi`), `uvicorn` and `hypercorn` (ASGI), `granian` (WSGI; ASGI "
            "with worker_class `asgi`), `waitress` (WSGI, one process). WSGI is what Flask and Django speak, ASGI what "
            "FastAPI and Starlette speak. `command` is your own command line.",
            'kind = "gunicorn"',
            default=_SERVER.kind,
            default_words='"gunicorn", or "command" when `server.command` is given',
            choices=(*SERVER_KINDS, "command"),
        ),
        Key(
            "server.command",
            COMMAND,
            "The command line that starts the app, for an ASGI app or any other server. It must hold `{port}`, and "
            "must stay in the foreground. It may hold the placeholders of `environment`, and `{workers}` and "
            "`{threads}`, which say how many requests it works on at once.",
            'command = "{bin}/uvicorn shop:app --host 127.0.0.1 --port {port}"',
            default=_SERVER.command,
            default_words="none",
        ),
        Key(
            "server.worker_class",
            TEXT,
            "How a gunicorn worker takes requests: `gthread` in several threads; `sync` one at a time and without "
            "keep-alive; `gevent` many at once in one thread, changing over wherever one waits (needs gevent in the "
            "app's Python); `asgi` an ASGI app on an event loop (gunicorn 25 or newer, granian).",
            'worker_class = "gthread"',
            default=_SERVER.worker_class,
            default_words=f'"{_SERVER.worker_class}"; "asgi" with `uvicorn` and `hypercorn`',
            choices=WORKER_CLASSES,
        ),
        Key(
            "server.workers",
            WHOLE_NUMBER,
            "How many processes run the app. With 1, the answer is what one worker handles.",
            "workers = 1",
            default=_SERVER.workers,
            at_least=1,
            at_most=256,
        ),
        Key(
            "server.threads",
            WHOLE_NUMBER,
            "How many requests each process works on at once. `gevent` and `asgi` have no such limit; there it says "
            "how many Seatrial reckons with and keeps inside each process when it saturates it.",
            "threads = 4",
            default=_SERVER.threads,
            default_words=f"{_SERVER.threads}; 1 with `sync`; {EVENT_LOOP_SLOTS} with `gevent` and `asgi`",
            at_least=1,
            at_most=1024,
        ),
        Key(
            "server.keep_alive_s",
            WHOLE_NUMBER,
            "How many seconds the server keeps an idle connection open. `granian` only knows whether it does (0: not).",
            "keep_alive_s = 5",
            default=_SERVER.keep_alive_s,
            at_least=0,
            at_most=3600,
        ),
        Key(
            "server.preload",
            FLAG,
            "Whether gunicorn imports the app once and then makes the workers from that process (`--preload`). Workers "
            "share what the import left in memory, and start faster. An app must open connections and start threads "
            "only after that, in each worker.",
            "preload = true",
            default=_SERVER.preload,
        ),
        Key(
            "server.freeze_gc",
            FLAG,
            "Whether Python's garbage collector leaves out what is there once the app has been imported: a call of "
            "`gc.freeze()`, made around your app, whose files stay as they are (gunicorn only). Collections then walk "
            "through less, and with `preload` they no longer unshare memory.",
            "freeze_gc = true",
            default=_SERVER.freeze_gc,
        ),
    ),
)
