"""The application: `gunicorn 'flotilla.app:create_app()'`, or `flotilla run`."""

import hmac
import os

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flotilla import api
from flotilla.draining import Draining
from flotilla.logs import add_request_log, configure_logs
from flotilla.settings import Settings
from flotilla.social import open_site
from flotilla.web import blueprints
from flotilla.web.assets import read_assets
from flotilla.web.compiling import TranslatingEnvironment
from flotilla.web.csrf import add_form_check
from flotilla.web.gate import add_gate
from flotilla.web.headers import add_security_headers
from flotilla.web.kept_pages import add_page_cache
from flotilla.web.metrics import add_metrics
from flotilla.web.navigation import IdConverter
from flotilla.web.problems import add_problem_pages
from flotilla.web.rendering import prepare_templates
from flotilla.web.sessions import session_signer
from flotilla.web.sizes import REQUEST_MAX_BYTES, add_size_limits

__all__ = ["create_app"]


def create_app(settings: Settings | None = None) -> Flask:
    """Flotilla as a WSGI application, ready to serve; without `settings` they are read from the environment.

    Raises StartError when a setting is wrong, or the database is not there or not prepared. It leaves no connection
    open, so a server may fork its workers afterwards.
    """
    settings = settings or Settings.from_environment(os.environ)
    configure_logs(json_lines=settings.in_production, level=settings.log_level)
    site = open_site(settings)
    site.check()

    app = Flask("flotilla", static_folder=None)
    app.jinja_environment = TranslatingEnvironment
    app.url_map.strict_slashes = False
    app.url_map.converters["id"] = IdConverter
    app.config.update(MAX_CONTENT_LENGTH=REQUEST_MAX_BYTES, MAX_FORM_MEMORY_SIZE=REQUEST_MAX_BYTES, MAX_FORM_PARTS=50)
    assets = read_assets()
    app.extensions["flotilla.assets"] = assets
    app.extensions["flotilla.csrf_key"] = hmac.digest(settings.secret_key.encode(), b"flotilla.csrf", "sha256")
    app.extensions["flotilla.draining"] = Draining()
    app.extensions["flotilla.session_signer"] = session_signer(settings)
    app.extensions["flotilla.settings"] = settings
    app.extensions["flotilla.site"] = site

    # What is added first runs first before a request, and last after it: the log line comes when all else is done.
    add_request_log(app, access_log=settings.access_log)
    add_metrics(app, settings)
    add_security_headers(app, https=settings.secure_cookies, pictures_at=settings.media_public_url)
    add_size_limits(app)
    add_gate(app)
    add_form_check(app)
    add_page_cache(app, settings)
    add_problem_pages(app)
    for blueprint in blueprints():
        app.register_blueprint(blueprint)
    app.register_blueprint(api.blueprint())
    prepare_templates(app, assets)
    if settings.proxies:
        n = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]  # Flask's own way
    return app
