"""From the text of a query option to a tree; the grammar itself is ``grammar.lark``.

Positions count characters from 1. What the grammar does not know is refused with a 400
that names the place; what is valid OData but not offered is told later, by name.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, cast
from typing import Literal as OneOf

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from certstates.errors import BadRequest, NotImplementedYet, shown

# Far beyond what people write, and far below what would hurt.
MOST_CHARACTERS = 16_384
MOST_OPERANDS = 3_000
MOST_SEPARATORS = 4_000  # each makes two tokens at most, and tokens take the time
SEPARATORS = " \t\r\n(,/[-"
GREATEST_DEPTH = 100

Start = OneOf["filter", "orderby", "search", "select"]


@dataclass(frozen=True)
class Node:
    """A part of an expression; ``at`` is the place of its first character."""

    at: int
    children: tuple[Node, ...] = field(default=(), kw_only=True, repr=False)
    depth: int = field(init=False, repr=False)
    size: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        depth = 1 + max((child.depth for child in self.children), default=0)
        if depth > GREATEST_DEPTH:
            raise TooDeep
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "size", 1 + sum(c.size for c in self.children))


@dataclass(frozen=True)
class Literal(Node):
    """``kind`` is the name of the grammar's token."""

    kind: str
    text: str


@dataclass(frozen=True)
class Property(Node):
    name: str


@dataclass(frozen=True)
class Alias(Node):
    name: str


@dataclass(frozen=True)
class Call(Node):
    name: str


@dataclass(frozen=True)
class Operation(Node):
    """An operator in lower case, with one operand or more."""

    operator: str


@dataclass(frozen=True)
class Membership(Node):
    """``in``: the first child is looked for among the others."""


@dataclass(frozen=True)
class NotOffered(Node):
    """Valid OData that has no meaning here, or is not implemented."""

    what: str


@dataclass(frozen=True)
class PathBehind(Node):
    """A path that begins with a property, as if this had properties of its own."""

    name: str


@dataclass(frozen=True)
class SortItem(Node):
    descending: bool


@dataclass(frozen=True)
class Term(Node):
    """A word or phrase of ``$search``."""

    text: str
    quoted: bool


class TooDeep(Exception):
    pass


class TreeBuilder(Transformer[Token, Any]):
    """Makes nodes while the parser runs; each method is named after a rule."""

    def orderby(self, items: list[SortItem]) -> tuple[SortItem, ...]:
        return (*items,)

    def orderby_item(self, items: list[Any]) -> SortItem:
        key, direction = items
        descending = direction is not None and direction.type == "DESC"
        return SortItem(key.at, children=(key,), descending=descending)

    def select(self, items: list[Token | NotOffered]) -> tuple[Token | NotOffered, ...]:
        return (*items,)

    def select_item(self, items: list[Any]) -> Token | NotOffered:
        item, *options = items
        if isinstance(item, Token) and options:
            return NotOffered(place(item), f"An option of {item}")
        return cast("Token | NotOffered", item)

    def select_path(self, items: list[Token]) -> NotOffered:
        return NotOffered(place(items[0]), f"The path {'/'.join(items)}")

    def options(self, items: list[Any]) -> None:
        return None

    def expression(self, items: list[Node]) -> Node:
        return Operation(items[0].at, "or", children=(*items,))

    def conjunction(self, items: list[Node]) -> Node:
        return Operation(items[0].at, "and", children=(*items,))

    def _binary(self, items: list[Any]) -> Node:
        left, operator, right = items
        return Operation(place(operator), operator.lower(), children=(left, right))

    equality = relation = sum = product = has = _binary

    def _unary(self, items: list[Any]) -> Node:
        operator, operand = items
        word = "negate" if operator == "-" else operator.lower()
        return Operation(place(operator), word, children=(operand,))

    negation = not_ = search_not = _unary

    def in_(self, items: list[Any]) -> Node:
        operand, operator, choices = items
        return Membership(place(operator), children=(operand, *choices))

    def choices(self, items: list[Any]) -> list[Node]:
        if len(items) == 1 and isinstance(items[0], Array):
            return [*items[0].children]
        return [item for item in items if item is not None]

    def alias_list(self, items: list[Token]) -> list[Node]:
        return [NotOffered(place(items[0]), "A parameter alias as a list")]

    def array(self, items: list[Any]) -> Node:
        bracket, *found = items
        children = tuple(item for item in found if item is not None)
        return Array(place(bracket), "A collection", children=children)

    def object(self, items: list[Any]) -> Node:
        return NotOffered(place(items[0]), "A complex value")

    def path(self, items: list[Any]) -> Node:
        segments = items[1:] if items[0] in ("$it", "$this") else items
        if len(segments) == 1 and isinstance(segments[0], Token):
            [name] = segments
            if name.type == "NAME":
                return Property(place(name), str(name))
        if len(segments) == 1 and isinstance(segments[0], Node):
            return segments[0]
        for item in items:
            if isinstance(item, NotOffered):
                return item
        words = [f"{i.name}()" if isinstance(i, Call) else i for i in items]
        first = items[0]
        at = first.at if isinstance(first, Call) else place(first)
        if isinstance(first, Token) and first.type == "NAME" and "." not in first:
            return PathBehind(at, str(first))
        return NotOffered(at, f"The path {'/'.join(words)}")

    def _segment(self, items: list[Any]) -> Token:
        return cast("Token", items[0])

    count = filter_segment = _segment

    def lambda_(self, items: list[Any]) -> Node:
        return NotOffered(place(items[0]), f"The operator {items[0].lower()}")

    def call(self, items: list[Any]) -> Node:
        name, arguments = items
        return Call(place(name), str(name), children=arguments)

    def arguments(self, items: list[Any]) -> tuple[Node, ...]:
        return tuple(item for item in items if item is not None)

    def named(self, items: list[Any]) -> Node:
        return NotOffered(place(items[0]), f"The named parameter {items[0]}")

    def case_pair(self, items: list[Node]) -> Node:
        return NotOffered(items[0].at, "A condition with its value")

    def literal(self, items: list[Token]) -> Node:
        [token] = items
        return Literal(place(token), token.type, str(token))

    def text(self, items: list[Token]) -> Node:
        [token] = items
        quoted = json.loads(token).replace("'", "''")
        return Literal(place(token), "STRING", f"'{quoted}'")

    def alias(self, items: list[Token]) -> Node:
        return Alias(place(items[0]), str(items[0]))

    def disjunction(self, items: list[Node]) -> Node:
        return self.expression(items)

    def juxtaposition(self, items: list[Node]) -> Node:
        return self.conjunction(items)

    def word(self, items: list[Token]) -> Node:
        return Term(place(items[0]), str(items[0]), quoted=False)

    def phrase(self, items: list[Token]) -> Node:
        return Term(place(items[0]), unescaped(items[0]), quoted=True)


@dataclass(frozen=True)
class Array(NotOffered):
    """A JSON array: a list on the right of ``in``, and not offered anywhere else."""


def place(token: Token) -> int:
    return (token.start_pos or 0) + 1


def unescaped(quoted: str) -> str:
    """Return what stands in double quotes; a backslash escapes one character."""
    characters = iter(quoted[1:-1])
    return "".join(next(characters) if c == "\\" else c for c in characters)


PARSER = Lark(
    (File(__file__).parent / "grammar.lark").read_text(encoding="utf-8"),
    parser="lalr",
    lexer="contextual",
    start=["filter", "orderby", "search", "select"],
    maybe_placeholders=True,
    transformer=TreeBuilder(),
    g_regex_flags=re.ASCII,  # a long s is no s, and an Arabic digit none here
)


def parse(text: str, start: Start, *, option: str) -> Any:
    """Return the tree of an option's value: a node, or a tuple of items.

    Raises BadRequest, which names the place and has ``option`` as its target.
    """
    if len(text) > MOST_CHARACTERS:
        raise BadRequest(
            f"{option} has {len(text)} characters; {MOST_CHARACTERS} are allowed.",
            target=option,
        )
    if sum(text.count(mark) for mark in SEPARATORS) > MOST_SEPARATORS:
        raise BadRequest(
            f"{option} has more than {MOST_SEPARATORS} spaces and separators.",
            target=option,
        )
    try:
        tree = PARSER.parse(text, start=start)
    except UnexpectedInput as error:
        raise misplaced(option, *explain(error, text)) from None
    except TooDeep:
        raise BadRequest(
            f"{option} is nested more than {GREATEST_DEPTH} levels deep.", target=option
        ) from None
    items = tree if isinstance(tree, tuple) else (tree,)
    size = sum(item.size for item in items if isinstance(item, Node))
    if size > MOST_OPERANDS:
        raise BadRequest(
            f"{option} has more than {MOST_OPERANDS} operands and operators.",
            target=option,
        )
    return tree


def misplaced(option: str, at: int, reason: str) -> BadRequest:
    """Return the refusal of what stands at a place in an option's value."""
    end = "" if reason.endswith("?") else "."
    message = f"{option}, character {at}: {reason.rstrip('.')}{end}"
    return BadRequest(message, target=option)


def not_offered(option: str, at: int, what: str) -> NotImplementedYet:
    """Return the refusal of valid OData that this server does not offer."""
    message = f"{option}, character {at}: {shown(what)} is not implemented."
    return NotImplementedYet(message, target=option)


def explain(error: UnexpectedInput, text: str) -> tuple[int, str]:
    """Return the place, and say what was found there and what was expected."""
    at = error.pos_in_stream
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        reason = f"the end comes too early; expected {expected(error)}"
        return len(text) + 1, reason
    at = cast("int", at)
    found = shown(
        str(getattr(error, "token", text[at : at + 20].split(" ", maxsplit=1)[0]))
    )
    reason = f"unexpected {found!r}; expected {expected(error)}"
    if text[at] in "'\"":
        reason = wrong_quotation(error, text, at) or reason
    return at + 1, reason


def wrong_quotation(error: UnexpectedInput, text: str, at: int) -> str | None:
    """Say what is wrong with a text where one could stand."""
    names = wanted(error)
    if not names & {"STRING", "TEXT", "PHRASE"}:
        return None
    if text[at] == "'" or text.count('"', at) == 1:
        return "this quotation mark is not closed"
    if "PHRASE" in names:
        return "this phrase is empty, or not closed"
    if "TEXT" in names:
        return "this is no text as JSON has it"
    return "a text stands in single quotation marks"


def wanted(error: UnexpectedInput) -> set[str]:
    """Return the names of the tokens that could stand here."""
    words: Any = getattr(error, "accepts", None) or getattr(error, "expected", None)
    if isinstance(error, UnexpectedCharacters):
        words = error.allowed
    return {str(word) for word in words or ()}


# The first line that names a token that could stand here decides.
WORDS = (
    ({"WORD", "PHRASE"}, "a word or a phrase in double quotes"),
    ({"NULL"}, "a property, a literal or a function"),
    ({"ASC"}, "an operator, asc, desc, a comma or the end"),
    ({"EQ", "_OR", "_SEARCH_OR"}, "an operator"),
    ({"RPAR"}, "a closing parenthesis"),
    ({"LPAR"}, "a list in parentheses or brackets"),
    ({"NAME"}, "a property's name"),
    ({"COMMA"}, "a comma or the end"),
)


def expected(error: UnexpectedInput) -> str:
    names = wanted(error)
    words = next((words for tokens, words in WORDS if names & tokens), "the end")
    if words == "an operator" and "RPAR" in names:
        return f"{words} or a closing parenthesis"
    return words
