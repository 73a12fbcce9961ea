"""Which callable a project's files hold, in the shapes that frameworks' own documentation teaches."""

import textwrap

import pytest

from seatrial.discover.callables import find_callables
from seatrial.discover.source_tree import SourceTree
from seatrial.errors import SpecError


@pytest.fixture
def project(tmp_path):
    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return SourceTree(tmp_path)

    return write


FACTORY = "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n    return app\n"
CASES = {
    "a module-level app": ({"hello.py": "from flask import Flask\napp = Flask(__name__)\n"}, "hello:app", "flask"),
    "an alias": ({"hello.py": "import flask as f\napp = f.Flask('x')\n"}, "hello:app", "flask"),
    "a factory": ({"flaskr/__init__.py": FACTORY}, "flaskr:create_app()", "flask"),
    "a factory called in wsgi.py": (
        {"shop/__init__.py": FACTORY, "wsgi.py": "from shop import create_app\napp = create_app()\n"},
        "wsgi:app",
        "",
    ),
    "make_app": ({"shop.py": FACTORY.replace("create_app", "make_app")}, "shop:make_app()", "flask"),
    "a src layout": ({"src/shop/__init__.py": "", "src/shop/app.py": FACTORY}, "shop.app:create_app()", "flask"),
    "FastAPI in a package": (
        {"app/__init__.py": "", "app/main.py": "from fastapi import FastAPI\napp = FastAPI()\n"},
        "app.main:app",
        "fastapi",
    ),
    "Starlette": (
        {"example.py": "from starlette.applications import Starlette\napp = Starlette(routes=[])\n"},
        "example:app",
        "starlette",
    ),
    "Django's wsgi.py": (
        {
            "manage.py": "import os\n",
            "mysite/__init__.py": "",
            "mysite/wsgi.py": "from django.core.wsgi import get_wsgi_application as get\napplication = get()\n",
        },
        "mysite.wsgi:application",
        "django",
    ),
    "a plain WSGI function": (
        {"hello.py": "def application(environ, start_response):\n    pass\n"},
        "hello:application",
        "",
    ),
    "wrapped in another": (
        {
            "shop/__init__.py": "",
            "shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\nfrom whitenoise import WhiteNoise\n"
            "application = WhiteNoise(get_wsgi_application())\n",
        },
        "shop.wsgi:application",
        "django",
    ),
    "made inside a condition": (
        {"hello.py": "from flask import Flask\nif True:\n    app = Flask('x')\nelse:\n    app = None\n"},
        "hello:app",
        "flask",
    ),
}


@pytest.mark.parametrize(("files", "target", "framework"), CASES.values(), ids=CASES)
def test_the_likeliest_callable_is(project, files, target, framework):
    first = find_callables(project(files))[0]
    assert (first.target, first.framework) == (target, framework)


def test_the_folder_to_start_in_is_the_one_its_own_imports_are_found_from(project):
    tree = project(
        {
            "backend/app/__init__.py": "",
            "backend/app/main.py": "from fastapi import FastAPI\nfrom app.core import x\napp = FastAPI()\n",
            "backend/app/core.py": "x = 1\n",
        }
    )
    first = find_callables(tree)[0]
    assert (first.target, first.folder) == ("app.main:app", tree.root / "backend")


def test_what_only_runs_under_main_is_not_taken_for_the_app(project):
    text = FACTORY + "if __name__ == '__main__':\n    app = create_app()\n"
    assert [c.target for c in find_callables(project({"run.py": text}))] == ["run:create_app()"]


def test_a_factory_that_needs_arguments_says_which_and_comes_last(project):
    text = FACTORY.replace("create_app()", "create_app(settings, *, debug)")
    text += "def make_app(a=1):\n    return Flask('y')\n"
    first, second = find_callables(project({"shop.py": text}))
    assert (first.target, second.arguments) == ("shop:make_app()", ("settings", "debug"))


def test_tests_environments_and_hidden_folders_are_not_the_project(project):
    app = "from flask import Flask\napp = Flask('x')\n"
    tree = project({f"{folder}/thing.py": app for folder in ("tests", ".git", "venv", "node_modules/x")})
    assert find_callables(tree) == []


def test_a_file_that_is_no_python_is_passed_over(project):
    tree = project({"broken.py": "def (:\n", "good.py": "from flask import Flask\napp = Flask('x')\n"})
    assert [c.target for c in find_callables(tree)] == ["good:app"]


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SpecError, match="no such folder"):
        SourceTree(tmp_path / "missing")
