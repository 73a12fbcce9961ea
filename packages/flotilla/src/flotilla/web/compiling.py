"""Templates in each language: a page's fixed words are translated when its template is compiled, not when it is shown.

A home page says some hundred things that never change ("Like", "Older posts"). Looked up at each showing they cost more
than the posts' own text; so each language has its own compiled templates, in which `_('Like')` is the German word
already, and `{% trans name=... %}by %(name)s{% endtrans %}` is German text, a value, German text.
"""

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment
from jinja2 import nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from flotilla.social.words import PLACEHOLDER, Words, words_of
from flotilla.web.generating import LeanGenerator, escaped, lean_macro

__all__ = ["TranslatingEnvironment", "translated"]

FUNCTIONS = {"_": 1, "gettext": 1, "ngettext": 2, "pgettext": 2}  # with how many fixed texts in front


class TranslatingEnvironment(Environment):
    """Flask's template environment, speaking one language."""

    words: Words = words_of("en")
    code_generator_class = LeanGenerator
    escaped = staticmethod(escaped)
    lean_macro = staticmethod(lean_macro)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """What a template may use besides what it is shown with: a plain dict, copied at each showing.

        jinja's own is a chain that follows later changes. Ours do not, and a chain takes ten times longer to copy.
        """
        return {**self.globals, **(d or {})}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        Translator(self.words).visit(template)
        template.set_environment(self)
        return template


def translated(environment: TranslatingEnvironment, words: Words, **names: Any) -> TranslatingEnvironment:
    """The same templates in the language of `words`; `names` are what its templates may use besides."""
    made = environment.overlay()
    assert isinstance(made, TranslatingEnvironment)
    made.words = words
    # `_` is called only where a template translates what it was given: a rule's sentence.
    made.globals = {**environment.globals, "_": words.sentence, "language": words.language, **names}
    return made


class Translator(NodeTransformer):
    """Puts the words of one language in the place of the calls that ask for them."""

    def __init__(self, words: Words) -> None:
        self.words = words

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802 (the visitor's name for it)
        """What a template writes: a translation becomes text and values of its own."""
        parts: list[nodes.Expr] = []
        for part in node.nodes:
            pieces = self.pieces(part) if isinstance(part, nodes.Call) else None
            if pieces is None:
                parts.append(self.visit(part))
            else:
                parts += [nodes.TemplateData(p, lineno=part.lineno) if isinstance(p, str) else p for p in pieces]
        node.nodes = parts
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        """A translation inside an expression, such as what a macro is called with."""
        pieces = self.pieces(node)
        if pieces is None:
            return self.generic_visit(node)
        return joined(pieces, node.lineno)

    def pieces(self, call: nodes.Call) -> list[str | nodes.Expr] | None:
        """Text and values, in order; None when `call` asks for no fixed translation."""
        if not isinstance(call.node, nodes.Name) or call.node.name not in FUNCTIONS or not call.args:
            return None
        function = call.node.name
        fixed = [arg.value for arg in call.args[: FUNCTIONS[function]] if isinstance(arg, nodes.Const)]
        if len(fixed) != FUNCTIONS[function]:
            return None
        values = {pair.key: self.visit(pair.value) for pair in call.kwargs}
        catalog = self.words.catalog
        if function == "pgettext":
            return filled(catalog.pgettext(*fixed), values)
        if function != "ngettext":
            return filled(catalog.gettext(fixed[0]), values)
        number = self.visit(call.args[2])
        line = call.lineno
        show = nodes.Call(nodes.Name("number", "load", lineno=line), [number], [], None, None, lineno=line)
        values.setdefault("num", show)
        one, many = (joined(filled(catalog.ngettext(fixed[0], fixed[1], n), values), line) for n in (1, 2))
        is_one = nodes.Compare(number, [nodes.Operand("eq", nodes.Const(1, lineno=line), lineno=line)], lineno=line)
        return [nodes.CondExpr(is_one, one, many, lineno=line)]


def filled(message: str, values: dict[str, nodes.Expr]) -> list[str | nodes.Expr]:
    """The message as text and values, without empty text."""
    pieces: list[str | nodes.Expr] = []
    for index, piece in enumerate(PLACEHOLDER.split(message)):
        if index % 2:
            pieces.append(values[piece])
        elif piece:
            pieces.append(piece.replace("%%", "%"))
    return pieces


def joined(pieces: list[str | nodes.Expr], line: int) -> nodes.Expr:
    """One expression: catalogs hold our own markup, so their text is safe, and values are escaped."""
    parts = [nodes.Const(Markup(p), lineno=line) if isinstance(p, str) else p for p in pieces]  # noqa: S704
    return parts[0] if len(parts) == 1 and isinstance(parts[0], nodes.Const) else nodes.Concat(parts, lineno=line)
