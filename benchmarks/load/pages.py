"""The small site that nginx serves: a page for plain requests, and pages behind a sign-in.

The site is static, and yet strict: a form is accepted only with the right cookie and with a body as long as the one
that holds the hidden token, and a page behind the sign-in only with the session's cookie. A tool that skips a step
gets 403, which is written to the log of wrong answers.
"""

from collections.abc import Mapping

__all__ = ["PAGES", "SITE", "SMALL", "TOKEN"]

SMALL = "hello, world"
TOKEN = "6f1d0c8be27a4c5f93b0a7d2e4185c3f"
_SESSION = "b2f5ff47436671b6e533d8dc3614845d"
_PEOPLE = ("Ada", "Grace", "Edsger", "Barbara", "Donald", "Radia", "Ken", "Frances")

LOGIN_BODY = f"csrf_token={TOKEN}&name=ada&password=lovelace"
POST_BODY = f"csrf_token={TOKEN}&text=hello"


def _page(title: str, body: str) -> str:
    return (
        f"<!doctype html>\n<html lang=en><head><meta charset=utf-8><title>{title}</title></head>\n"
        f"<body><nav><a href=/home>Home</a> <a href=/people>People</a></nav>\n<h1>{title}</h1>\n{body}</body></html>\n"
    )


def _form(action: str, fields: str) -> str:
    hidden = f'<input type="hidden" name="csrf_token" value="{TOKEN}">'
    return f'<form method="post" action="{action}">{hidden}{fields}<button>Send</button></form>\n'


_POSTS = "".join(
    f"<article><a href=/people/{number}>{name}</a><p>Post {number}: the tide is in, the harbour full.</p></article>\n"
    for number, name in enumerate(_PEOPLE * 2, 1)
)

PAGES: Mapping[str, str] = {
    "index.html": SMALL,
    "login.html": _page(
        "Sign in", _form("/login", '<input name="name"><input name="password" type="password" value="">')
    ),
    "home.html": _page("What is new", _form("/posts", '<input name="text" value="">') + _POSTS),
    "people.html": _page("People", "".join(f"<p><a href=/people/{n}>{p}</a></p>\n" for n, p in enumerate(_PEOPLE, 1))),
    "person.html": _page("Ada Lovelace", _POSTS),
}
"""Files by name."""

SITE = f"""
    map "$request_method $content_length $cookie_csrf" $sign_in {{
        "POST {len(LOGIN_BODY)} {TOKEN}" right;
        ~^POST wrong;
        default "";
    }}
    map "$request_method $content_length $cookie_session" $posting {{
        "POST {len(POST_BODY)} {_SESSION}" right;
        default wrong;
    }}
    map $cookie_session $who {{ {_SESSION} ada; default ""; }}
    map $status $is_wrong {{ ~^[123] 0; 499 0; default 1; }}
    server {{
        listen 127.0.0.1:@PORT@ backlog=4096;
        root pages;
        default_type text/html;
        access_log wrong.log combined if=$is_wrong;
        location = / {{ default_type text/plain; try_files /index.html =404; }}
        location = /login {{
            add_header Set-Cookie "csrf={TOKEN}; Path=/";
            if ($sign_in = wrong) {{ return 403 "no token, or not the right one"; }}
            if ($sign_in = right) {{
                add_header Set-Cookie "session={_SESSION}; Path=/; HttpOnly";
                return 303 /home;
            }}
            try_files /login.html =404;
        }}
        location = /posts {{
            if ($posting = wrong) {{ return 403 "no token, or nobody signed in"; }}
            return 303 /home;
        }}
        location = /home {{ if ($who = "") {{ return 403; }} try_files /home.html =404; }}
        location = /people {{ if ($who = "") {{ return 403; }} try_files /people.html =404; }}
        location /people/ {{ if ($who = "") {{ return 403; }} try_files /person.html =404; }}
        location = /count {{ access_log off; stub_status; }}
    }}
"""
"""nginx's configuration of the site; @PORT@ stands for the port."""
