"""Whether a template asks only for fields that its document has: found when it is loaded.

A document's fields are a frozen dataclass; lists of dataclasses are its tables. What a template
names is followed through loops and dots, so that a wrong name is found on every branch, whether
the branch is taken or not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from jinja2 import nodes

ANYTHING = object()


@cache
def fields_of(kind: type) -> dict[str, Any]:
    """Return the types of a dataclass's fields by name."""
    return get_type_hints(kind)


def unknown(tree: nodes.Template, kind: type, known: Iterable[str] = ()) -> list[tuple[int, str, list[str]]]:
    """Return what a template asks for and a document does not have: line, name, what there is.

    `known`: names that are always there.
    """
    wrong: list[tuple[int, str, list[str]]] = []
    _walk(tree, {**dict.fromkeys(known, ANYTHING), **fields_of(kind)}, wrong)
    return wrong


def _walk(node: nodes.Node, scope: dict[str, Any], wrong: list) -> None:
    if isinstance(node, nodes.For):
        each = _element(_kind(node.iter, scope, wrong))
        inner = {**scope, "loop": ANYTHING, **_bound(node.target, each)}
        for child in (*node.body, *((node.test,) if node.test else ())):
            _walk(child, inner, wrong)
        for child in node.else_:
            _walk(child, scope, wrong)
    elif isinstance(node, nodes.Assign):
        scope |= _bound(node.target, _kind(node.node, scope, wrong))
    elif isinstance(node, nodes.Expr):
        _kind(node, scope, wrong)
    else:
        for child in node.iter_child_nodes():
            _walk(child, scope, wrong)


def _kind(node: nodes.Node, scope: Mapping[str, Any], wrong: list) -> Any:
    """Return the type of an expression, as far as it is known."""
    if isinstance(node, nodes.Name):
        if node.name not in scope:
            wrong.append((node.lineno, node.name, _shown(scope)))
        return scope.get(node.name, ANYTHING)
    if isinstance(node, nodes.Getattr):
        owner = _kind(node.node, scope, wrong)
        if not (isinstance(owner, type) and is_dataclass(owner)):
            return ANYTHING
        if node.attr not in fields_of(owner):
            wrong.append((node.lineno, node.attr, _shown(fields_of(owner))))
        return fields_of(owner).get(node.attr, ANYTHING)
    for child in node.iter_child_nodes():
        _kind(child, scope, wrong)
    return ANYTHING


def _element(kind: Any) -> Any:
    """Return the type of a list's members."""
    return get_args(kind)[0] if get_origin(kind) in (list, tuple) and get_args(kind) else ANYTHING


def _bound(target: nodes.Node, kind: Any) -> dict[str, Any]:
    names = [one.name for one in target.find_all(nodes.Name)]
    if isinstance(target, nodes.Name):
        names = [target.name]
    return dict.fromkeys(names, kind if len(names) == 1 else ANYTHING)


def _shown(names: Iterable[str]) -> list[str]:
    return [name for name in names if not name.startswith("_")]
