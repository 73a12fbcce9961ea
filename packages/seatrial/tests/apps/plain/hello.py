"""A WSGI callable without any framework."""

import time


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/":
        status, body = "200 OK", '<a href="/time">What time is it?</a>'
    elif path == "/time":
        status, body = "200 OK", time.strftime("%H:%M")
    else:
        status, body = "404 Not Found", "Nothing here."
    start_response(status, [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body.encode()]
