"""Writes the generated reference pages: `python docs/reference/generate.py`. The house test fails when one is stale."""

import argparse
import importlib
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

from seatrial.spec.reference import plans_page, reference_page

__all__ = ["api_page", "cli_page", "pages"]

HERE = Path(__file__).parent

NOTE = "<!-- Generated from the command line's own declarations by `python docs/reference/generate.py`. -->\n"
API_INTRODUCTION = """\
<!-- Generated from the table of endpoints by `python docs/reference/generate.py`. -->

# Flotilla's API

A subset of the [Mastodon client API](https://docs.joinmastodon.org/client/intro/), so that apps for phones and
terminals work with it: give them your site's address, and let them in on the page they open. Answers, paging by
`Link`, errors and rate limits are as that documentation says; `/api/openapi.json` of every site describes the same in
OpenAPI 3.1.

A scope such as `read:statuses` is part of `read`. `token of` says whose token is asked for: a *person*'s, any *app*'s,
or *anyone* may ask, and with a person's token sees what that person sees.
"""


def pages() -> dict[Path, str]:
    """Every generated page: where it is and what it must say."""
    found = {HERE / "seatrial-toml.md": reference_page(), HERE / "plans-toml.md": plans_page()}
    for name, program in (("cli.md", "seatrial"), ("flotilla-cli.md", "flotilla")):
        parser = _parser(program)
        if parser is not None:
            found[HERE / name] = cli_page(parser)
    found[HERE / "flotilla-api.md"] = api_page()
    return found


def api_page() -> str:
    """Every endpoint of Flotilla's API: who may ask, and what it does; from the table that is served."""
    from flotilla.api.table import endpoints

    rows = []
    for endpoint in endpoints():
        path = re.sub("<(.*?)>", r":\1", endpoint.path)
        scopes = " or ".join(f"`{scope}`" for scope in endpoint.scopes) or "-"
        rows.append(f"| `{endpoint.method} {path}` | {scopes} | {endpoint.who.value} | {endpoint.summary} |")
    return (
        "\n".join([API_INTRODUCTION, "| endpoint | scope | token of | does |", "| --- | --- | --- | --- |", *rows])
        + "\n"
    )


def cli_page(parser: argparse.ArgumentParser) -> str:
    """One page: the program, then each command with its arguments, options, defaults and exit statuses.

    Rendered from the parser's own declarations: the text of `--help` differs between versions of Python.
    """
    parts = [NOTE, f"# {parser.prog}\n", f"{(parser.description or '').strip()}\n"]
    for name, command in commands_of(parser).items():
        parts += [
            f"## {parser.prog} {name}\n",
            f"{command.description}\n",
            f"    {_usage(parser.prog, name, command)}\n",
        ]
        rows = [f"| `{_form(action)}` | {_meaning(action)} |" for action in _arguments(command)]
        if rows:
            parts.append("\n".join(["| argument | meaning |", "| --- | --- |", *rows]) + "\n")
        if command.epilog and command.epilog != parser.epilog:
            parts.append(_as_it_stands(command.epilog))
    if parser.epilog:
        parts += [f"## Of all commands of {parser.prog}\n", _as_it_stands(parser.epilog)]
    return "\n".join(parts)


def _as_it_stands(text: str) -> str:
    return f"```text\n{text.strip()}\n```\n"


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser's commands by name; a command of commands is followed by its own, such as `plans list`."""
    found = {}
    for action in parser._actions:  # noqa: SLF001 - argparse offers no public way to list what was declared
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for name, command in action.choices.items():
                found[name] = command
                found |= {f"{name} {inner}": each for inner, each in commands_of(command).items()}
    return found


def _arguments(command: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    return (action for action in command._actions if action.dest != "help")  # noqa: SLF001


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, str):
        return action.metavar
    return "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()


def _form(action: argparse.Action) -> str:
    value = _value(action)
    return f"{', '.join(action.option_strings)} {value}".strip() if action.option_strings else value


def _usage(program: str, name: str, command: argparse.ArgumentParser) -> str:
    words = []
    for action in _arguments(command):
        longest = action.option_strings[-1] if action.option_strings else ""
        word = f"{longest} {_value(action)}".strip()
        words.append(word if action.required else f"[{word}]")
    return " ".join([program, name, *words])


def _meaning(action: argparse.Action) -> str:
    text = (action.help or "").replace("%%", "%").replace("%(default)s", str(action.default)).replace("|", "\\|")
    told = "%(default)s" in (action.help or "") or action.default in (None, False, argparse.SUPPRESS)
    return text if told or not action.option_strings else f"{text} (default: {action.default})"


def _parser(program: str) -> argparse.ArgumentParser | None:
    if importlib.util.find_spec(f"{program}.cli") is None:
        return None
    module = importlib.import_module(f"{program}.cli")
    build = getattr(module, "build_parser", None) or getattr(module, "_parser", None)
    return build() if build else None


def main() -> None:
    """Writes every page."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
