"""What the tasks of a Locust file ask for, and how often, as far as its text tells; it is not run."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from seatrial.discover.log_operations import LoggedRequests
from seatrial.discover.routes import group_of
from seatrial.errors import SpecError

__all__ = ["locust_requests"]

METHODS = {"get", "post", "put", "patch", "delete", "head"}
ADVICE = "Give a file as Locust's own documentation teaches it: a class with methods under @task that call self.client."


def locust_requests(path: Path) -> LoggedRequests:
    """Each request that a method under `@task` sends, with the weight of the task and of its class.

    A part of an address that is put in when it runs stands for one of many things, as in a log. What is not told by the
    text (an address from a variable, tasks in a list, the requests of other functions) counts as not readable.

    Raises:
        SpecError: it cannot be read, is no Python, or no request can be read out of it.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except OSError as error:
        raise SpecError(f"it cannot be read: {error.strerror or error}.", where=str(path)) from None
    except (SyntaxError, ValueError) as error:
        raise SpecError(f"it is no Python: {error}.", where=str(path), try_this=ADVICE) from None
    counts: Counter[str] = Counter()
    samples: dict[str, str] = {}
    read = unread = 0
    for task, weight in _tasks(tree):
        for method, asked in _requests(task):
            read += 1
            if not asked.startswith("/"):
                unread += 1
                continue
            group = f"{method.upper()} {group_of(asked)}"
            counts[group] += weight
            if "{}" not in asked:
                samples.setdefault(group, asked)
    if not counts:
        raise SpecError("no request of a task can be read out of it.", where=str(path), try_this=ADVICE)
    return LoggedRequests(dict(counts.most_common()), samples, read, unread, source="requests of your Locust tasks")


def _tasks(tree: ast.Module) -> Iterator[tuple[ast.AST, int]]:
    """(method, weight) of everything under `@task`, also in classes inside of classes."""
    for owner in ast.walk(tree):
        if not isinstance(owner, ast.ClassDef):
            continue
        sets = [n for n in owner.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "weight"]
        of_class = _number(sets[0].value) if sets else 1
        for node in owner.body:
            if isinstance(node, ast.FunctionDef):
                for decorator in node.decorator_list:
                    called = decorator.func if isinstance(decorator, ast.Call) else decorator
                    if ast.unparse(called).rpartition(".")[2] == "task":
                        arguments = decorator.args if isinstance(decorator, ast.Call) else []
                        yield node, of_class * (_number(arguments[0]) if arguments else 1)


def _number(node: ast.AST) -> int:
    is_number = isinstance(node, ast.Constant) and isinstance(node.value, int)
    return max(1, int(ast.literal_eval(node))) if is_number else 1


def _requests(task: ast.AST) -> Iterator[tuple[str, str]]:
    """(method, address) of each `self.client.get(...)`; the address is empty where the text does not tell it."""
    for node in ast.walk(task):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in METHODS:
            continue
        if not ast.unparse(node.func.value).endswith("client"):
            continue
        address = (
            node.args[0] if node.args else next((k.value for k in node.keywords if k.arg in {"url", "path"}), None)
        )
        yield node.func.attr, _text(address)


def _text(node: ast.AST | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            "{}" if isinstance(part, ast.FormattedValue) else str(ast.literal_eval(part)) for part in node.values
        )
    return ""
