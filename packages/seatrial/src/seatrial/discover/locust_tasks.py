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
SHOWN_MAX = 60
ADVICE = "Give a file as Locust's own documentation teaches it: a class with methods under @task that call self.client."


def locust_requests(path: Path) -> LoggedRequests:
    """Each request that a method under `@task` sends, with the weight of the task and of its class.

    A part of an address that is put in when it runs stands for one of many things, as in a log. What is not told by the
    text (an address from a variable, tasks in a list, the requests of other functions) is named as not readable.

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
    unread = list(_beside_tasks(tree))
    read = malformed = 0
    for owner, task, weight in _tasks(tree):
        asked_for = list(_requests(task))
        read += len(asked_for)
        if not asked_for:
            unread.append(f"{owner}.{task.name} (line {task.lineno}): no self.client request stands in it")
        for node, asked in asked_for:
            if not asked.startswith("/"):
                malformed += 1
                unread.append(f"{owner}.{task.name} (line {node.lineno}): {_shown(node)}, whose address is not text")
                continue
            group = f"{_method(node)} {group_of(asked)}"
            counts[group] += weight
            if "{}" not in asked:
                samples.setdefault(group, asked)
    if not counts:
        told = "\n".join(unread)
        raise SpecError("no request of a task can be read out of it.", where=str(path), try_this=ADVICE, details=told)
    source = "requests of your Locust tasks"
    return LoggedRequests(dict(counts.most_common()), samples, read, malformed, source, tuple(unread))


def _classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    """Every class, also those inside of classes."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def _tasks(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef, int]]:
    """(class, method, weight) of everything under `@task`."""
    for owner in _classes(tree):
        sets = [n for n in owner.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "weight"]
        of_class = _number(sets[0].value) if sets else 1
        for node in owner.body:
            if isinstance(node, ast.FunctionDef) and (decorator := _task_mark(node)) is not None:
                arguments = decorator.args if isinstance(decorator, ast.Call) else []
                yield owner.name, node, of_class * (_number(arguments[0]) if arguments else 1)


def _task_mark(node: ast.FunctionDef) -> ast.expr | None:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(called).rpartition(".")[2] == "task":
            return decorator
    return None


def _beside_tasks(tree: ast.Module) -> Iterator[str]:
    """Requests that stand outside of tasks, and tasks that are no methods: where, and why they are not read."""
    for owner in _classes(tree):
        for node in owner.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "tasks":
                yield f"{owner.name}.tasks (line {node.lineno}): tasks in a list"
            if isinstance(node, ast.FunctionDef) and _task_mark(node) is None:
                for call, _ in _requests(node):
                    yield f"{owner.name}.{node.name} (line {call.lineno}): {_shown(call)}, not under @task"
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            for call, _ in _requests(function):
                yield f"{function.name} (line {call.lineno}): {_shown(call)}, in a function of no class"


def _number(node: ast.AST) -> int:
    is_number = isinstance(node, ast.Constant) and isinstance(node.value, int)
    return max(1, int(ast.literal_eval(node))) if is_number else 1


def _requests(task: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """(call, address) of each `self.client.get(...)`; the address is empty where the text does not tell it."""
    for node in ast.walk(task):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in METHODS:
            continue
        if not ast.unparse(node.func.value).endswith("client"):
            continue
        address = (
            node.args[0] if node.args else next((k.value for k in node.keywords if k.arg in {"url", "path"}), None)
        )
        yield node, _text(address)


def _method(call: ast.Call) -> str:
    return call.func.attr.upper() if isinstance(call.func, ast.Attribute) else ""


def _shown(call: ast.Call) -> str:
    """The request as it is written, its other arguments left out: `client.get(self.next_page)`."""
    address = ast.unparse(call.args[0]) if call.args else "..."
    return f"client.{_method(call).lower()}({address[:SHOWN_MAX]})"


def _text(node: ast.AST | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            "{}" if isinstance(part, ast.FormattedValue) else str(ast.literal_eval(part)) for part in node.values
        )
    return ""
