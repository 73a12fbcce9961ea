"""How a template becomes Python: jinja's own generator, but for what our templates pay for and never use.

A home page escapes some five hundred values and makes a hundred and fifty calls. jinja asks of each callable whether it
wants the context handed in, and makes each value a `Markup` before it is joined to the text around it; both together
took a quarter of the time of showing the page. What comes out is the same, character for character.
"""

import re
from collections.abc import Callable
from keyword import iskeyword
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, MacroRef
from jinja2.runtime import Macro
from jinja2.utils import missing
from markupsafe import Markup, escape

__all__ = ["LeanGenerator", "escaped", "lean_macro"]

# Longer text is escaped at once: looking for what needs it would take as long.
LOOKED_AT_MAX_CHARACTERS = 64
_to_be_escaped = re.compile("[&<>\"']").search


class LeanGenerator(CodeGenerator):
    """Writes calls as plain calls, so no template may call a function that asks for jinja's context.

    Its code uses `escaped` and `lean_macro` as attributes of the environment.
    """

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802
        """`f(a, b=c)` as that, unless it needs more than that."""
        if node.dyn_args or node.dyn_kwargs or any(iskeyword(pair.key) for pair in node.kwargs):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for argument in (*node.args, *node.kwargs):
            self.visit(argument, frame)
            self.write(", ")
        self.write("caller=caller)" if forward_caller else ")")

    def macro_def(self, macro_ref: MacroRef, frame: Frame) -> None:
        """A macro, called without ado when it takes nothing but its arguments."""
        takes_more = macro_ref.accesses_caller or macro_ref.accesses_kwargs or macro_ref.accesses_varargs
        if takes_more or frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super().macro_def(macro_ref, frame)
            return
        self.write(f"environment.lean_macro(macro, {len(macro_ref.node.args)}, ")
        super().macro_def(macro_ref, frame)
        self.write(")")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(")


def escaped(value: Any) -> str:
    """The value as it stands between a template's own text: what `escape` gives, made `Markup` only if need be."""
    kind = type(value)
    if kind is Markup:
        return value  # type: ignore[no-any-return]
    if kind is str:
        if len(value) <= LOOKED_AT_MAX_CHARACTERS and not _to_be_escaped(value):
            return value  # type: ignore[no-any-return]
    elif kind is int:
        return str(value)
    return escape(value)


def lean_macro(function: Callable[..., str], count: int, macro: Macro) -> Callable[..., str]:
    """`macro` of `count` arguments, for calls that give all of them, or the first of them, by position."""

    nothing: tuple[Any, ...] = (missing,) * count

    def call(*arguments: Any, **named: Any) -> str:
        left_out = count - len(arguments)
        if named or left_out < 0:
            return macro(*arguments, **named)
        return Markup(function(*arguments, *nothing[:left_out]))  # noqa: S704 (a macro escapes what it is given)

    return call
