"""A WSGI app that keeps 1 MB of every request: it runs into any memory limit."""

kept = []


def app(environ, start_response):
    if environ["PATH_INFO"] != "/health":
        kept.append(bytearray(b"x" * 1_000_000))
    start_response("200 OK", [("Content-Length", "4")])
    return [b"kept"]
