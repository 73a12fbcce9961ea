"""A shop without a database whose payment page, 2 % of the requests, waits for somebody else's server."""

import http.client
import os
from urllib.parse import urlsplit

from flask import Flask, render_template
from jinja2 import DictLoader

FRONT = """<!doctype html><title>Shop</title><table>{% for thing in things %}<tr>
<td>{{ thing.name }}<td>{{ "%.2f" % thing.price }}<td>{{ thing.words | join(", ") }}{% endfor %}</table>"""
THINGS = [{"name": f"thing {n}", "price": n * 1.37, "words": ["red", "round", f"size {n % 7}"]} for n in range(80)]
PAID = "<!doctype html><title>Thanks</title><p>Paid: {{ receipt }}"
PATIENCE_S = 20


def create_app() -> Flask:
    app = Flask(__name__)
    app.jinja_loader = DictLoader({"front.html": FRONT, "paid.html": PAID})
    provider = urlsplit(os.environ["PROVIDER_URL"])

    @app.get("/")
    def front() -> str:
        return render_template("front.html", things=THINGS)

    @app.post("/pay")
    def pay() -> str:
        connection = http.client.HTTPConnection(provider.hostname, provider.port, timeout=PATIENCE_S)
        try:
            connection.request("POST", "/charge", body=b"amount=1370")
            receipt = connection.getresponse().read().decode()
        finally:
            connection.close()
        return render_template("paid.html", receipt=receipt)

    return app
