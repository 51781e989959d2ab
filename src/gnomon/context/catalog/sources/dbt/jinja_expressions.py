"""The expressions of a template that are read: literals, names, a few calls, comparisons and choices.

Values are texts, numbers, booleans, None, lists and mappings, and nothing of Python can be reached from them:
there are no methods, no attributes but those of `loop`, and the only calls are those a `Scope` answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gnomon.context.catalog.sources.dbt.jinja_tokens import TemplateStopped, Token

Value = Any
"""`str | int | float | bool | None`, or a list or mapping of those."""

MAX_DEPTH = 20
"""Levels of brackets, choices and the like in one expression."""

MAX_LINKS = 100
"""Operators, dots, calls and filters in one expression."""

MAX_CHARACTERS = 16 * 1024 * 1024
"""Characters that one template may become."""

_COMPARISONS = ("==", "!=", "<=", ">=", "<", ">", "in")
_CONSTANTS = {"true": True, "false": False, "none": None, "True": True, "False": False, "None": None}


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as written."""

    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """`of.name`."""

    of: "Expression"
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """`of[key]`."""

    of: "Expression"
    key: "Expression"


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments, named=...)`."""

    function: "Expression"
    arguments: tuple["Expression", ...]
    named: tuple[tuple[str, "Expression"], ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """`of | name(arguments)`."""

    of: "Expression"
    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]` or `(a, b)`."""

    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class MappingOf:
    """`{a: b}`."""

    items: tuple[tuple["Expression", "Expression"], ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """`left operator right`; for `not`, left alone."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Choice:
    """`yes if condition else no`."""

    condition: "Expression"
    yes: "Expression"
    no: "Expression"


Expression = Literal | Name | Attribute | Item | Call | Filter | ListOf | MappingOf | Operation | Choice


BUDGET = 500_000
"""Steps that one template may take, about a second: one a value, one for 64 characters put together."""


@dataclass(slots=True)
class Scope:
    """What a template may ask for while it is read.

    Args:
        call: Answers `ref`, `source`, `var` and the like: name, arguments, named arguments.
            Raises `TemplateStopped` for what it does not know.
        names: Variables that are set, `this` among them.
        config: What `config(...)` said, as far as it can be read.
    """

    call: Callable[[str, Sequence[Value], Mapping[str, Value]], Value]
    names: dict[str, Value] = field(default_factory=dict)
    config: dict[str, Value] = field(default_factory=dict)
    left: int = BUDGET

    def spend(self, steps: int, line: int) -> None:
        """Take steps off the budget.

        Raises:
            TemplateStopped: There are none left.
        """
        self.left -= steps
        if self.left < 0:
            raise TemplateStopped("it takes too many steps", line)


def parse(tokens: Sequence[Token], line: int) -> Expression:
    """The expression that the tokens spell.

    Raises:
        TemplateStopped: They spell something else, or something that is not read.
    """
    parser = _Parser(tokens, line)
    found = parser.expression()
    parser.end()
    return found


class _Parser:
    """Recursive descent, as deep as `MAX_DEPTH`; each method parses one level of precedence."""

    def __init__(self, tokens: Sequence[Token], line: int) -> None:
        self._tokens = tokens
        self._line = line
        self._at = 0
        self._depth = 0
        self._links = 0

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise self._stopped()

    def expression(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TemplateStopped(f"an expression is nested over {MAX_DEPTH} deep", self._line)
        found = self._or()
        if self._take_name("if"):
            condition = self._or()
            no: Expression = self.expression() if self._take_name("else") else Literal("")
            found = Choice(condition, found, no)
        self._depth -= 1
        return found

    def _or(self) -> Expression:
        found = self._and()
        while self._take_name("or"):
            found = self._linked(Operation("or", found, self._and()))
        return found

    def _and(self) -> Expression:
        found = self._not()
        while self._take_name("and"):
            found = self._linked(Operation("and", found, self._not()))
        return found

    def _not(self) -> Expression:
        negated = False
        while self._take_name("not"):
            negated = not negated
        found = self._comparison()
        return self._linked(Operation("not", found, Literal(None))) if negated else found

    def _comparison(self) -> Expression:
        found = self._joined()
        for operator in _COMPARISONS:
            if self._take(operator) or self._take_name(operator):
                return Operation(operator, found, self._joined())
        if self._peek() == Token("name", "not") and self._peek(1) == Token("name", "in"):
            self._at += 2
            return Operation("not", Operation("in", found, self._joined()), Literal(None))
        return found

    def _joined(self) -> Expression:
        found = self._postfix()
        while self._take("~"):
            found = self._linked(Operation("~", found, self._postfix()))
        return found

    def _postfix(self) -> Expression:
        found = self._primary()
        while True:
            if self._take("."):
                found = self._linked(Attribute(found, self._name()))
            elif self._take("["):
                found = self._linked(Item(found, self.expression()))
                self._expect("]")
            elif self._take("("):
                found = self._linked(self._call(found))
            elif self._take("|"):
                name = self._name()
                found = self._linked(Filter(found, name, self._list(")") if self._take("(") else ()))
            else:
                return found

    def _primary(self) -> Expression:
        token = self._next()
        if token.kind == "string":
            return Literal(token.text)
        if token.kind == "number":
            return Literal(_number(token.text))
        if token.kind == "name":
            known = token.text in _CONSTANTS
            return Literal(_CONSTANTS[token.text]) if known else Name(token.text)
        if token.text == "-" and self._peek().kind == "number":
            return Literal(-_number(self._next().text))
        if token.text == "[":
            return ListOf(self._list("]"))
        if token.text == "(":
            return self._parenthesised()
        if token.text == "{":
            return self._mapping()
        raise self._stopped()

    def _parenthesised(self) -> Expression:
        items = self._list(")")
        comma = self._tokens[self._at - 2].text == ","
        return items[0] if len(items) == 1 and not comma else ListOf(items)

    def _list(self, close: str) -> tuple[Expression, ...]:
        items = []
        while not self._take(close):
            items.append(self.expression())
            if not self._take(","):
                self._expect(close)
                break
        return tuple(items)

    def _mapping(self) -> Expression:
        items = []
        while not self._take("}"):
            key = self.expression()
            self._expect(":")
            items.append((key, self.expression()))
            if not self._take(","):
                self._expect("}")
                break
        return MappingOf(tuple(items))

    def _call(self, function: Expression) -> Expression:
        arguments: list[Expression] = []
        named: list[tuple[str, Expression]] = []
        while not self._take(")"):
            if self._peek().kind == "name" and self._peek(1).text == "=":
                name = self._name()
                self._expect("=")
                named.append((name, self.expression()))
            else:
                arguments.append(self.expression())
            if not self._take(","):
                self._expect(")")
                break
        return Call(function, tuple(arguments), tuple(named))

    def _linked(self, found: Expression) -> Expression:
        self._links += 1
        if self._links > MAX_LINKS:
            raise TemplateStopped(f"an expression has over {MAX_LINKS} operators", self._line)
        return found

    def _peek(self, ahead: int = 0) -> Token:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else Token("operator", "")

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _take(self, operator: str) -> bool:
        return self._take_token(Token("operator", operator))

    def _take_name(self, name: str) -> bool:
        return self._take_token(Token("name", name))

    def _take_token(self, token: Token) -> bool:
        if self._peek() != token:
            return False
        self._at += 1
        return True

    def _expect(self, operator: str) -> None:
        if not self._take(operator):
            raise self._stopped()

    def _name(self) -> str:
        if self._peek().kind != "name":
            raise self._stopped()
        return self._next().text

    def _stopped(self) -> TemplateStopped:
        at = self._peek().text
        return TemplateStopped(
            f"an expression is not read at `{at[:40]}`" if at else "braces hold no whole expression",
            self._line,
        )


def _number(text: str) -> int | float:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return float("inf")  # more digits than an integer of Python is read with


def evaluate(expression: Expression, scope: Scope, line: int) -> Value:
    """The value of an expression.

    Raises:
        TemplateStopped: It asks for something that is not known without running dbt.
    """
    scope.spend(1, line)
    match expression:
        case Literal(value):
            return value
        case Name(name):
            if name not in scope.names:
                raise TemplateStopped(f"`{name[:60]}` is not known without dbt", line)
            return scope.names[name]
        case ListOf(items):
            return [evaluate(each, scope, line) for each in items]
        case MappingOf(pairs):
            return {_key(evaluate(k, scope, line), line): evaluate(v, scope, line) for k, v in pairs}
        case Choice(condition, yes, no):
            return evaluate(yes if evaluate(condition, scope, line) else no, scope, line)
        case Operation():
            return _operate(expression, scope, line)
        case Filter(of, name, arguments):
            given = [evaluate(each, scope, line) for each in arguments]
            return _filter(name, evaluate(of, scope, line), given, scope, line)
        case Attribute(of, name):
            return _item(evaluate(of, scope, line), name, line)
        case Item(of, key):
            return _item(evaluate(of, scope, line), evaluate(key, scope, line), line)
        case Call():
            return _call(expression, scope, line)


def _operate(operation: Operation, scope: Scope, line: int) -> Value:
    left = evaluate(operation.left, scope, line)
    match operation.operator:
        case "not":
            return not left
        case "and":
            return left and evaluate(operation.right, scope, line)
        case "or":
            return left or evaluate(operation.right, scope, line)
    right = evaluate(operation.right, scope, line)
    if operation.operator == "~":
        return _bounded(printed(left, line) + printed(right, line), scope, line)
    return _compare(operation.operator, left, right, scope, line)


def _compare(operator: str, left: Value, right: Value, scope: Scope, line: int) -> bool:
    """Scalars only: comparing lists in lists can take longer than anybody waits."""
    if operator == "in" and isinstance(right, list | dict):
        scope.spend(len(right), line)
        return any(_compare("==", left, each, scope, line) for each in right)
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        raise TemplateStopped("lists or mappings are compared", line)
    if operator in ("==", "!="):
        return (left == right) is (operator == "==")
    if operator == "in" and isinstance(left, str) and isinstance(right, str):
        scope.spend(len(right) // 64, line)
        return left in right
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if operator == "in" or not (numbers or (isinstance(left, str) and isinstance(right, str))):
        raise TemplateStopped(f"values are compared by `{operator}` that have no order", line)
    least, most = (left, right) if operator.startswith("<") else (right, left)
    return bool(least <= most) if operator.endswith("=") else bool(least < most)


def _call(call: Call, scope: Scope, line: int) -> Value:
    if not isinstance(call.function, Name):
        raise TemplateStopped(f"a call of `{_spelled(call.function)}` is not known without dbt", line)
    if call.function.name == "config":
        _configure(call, scope, line)
        return ""
    arguments = [evaluate(each, scope, line) for each in call.arguments]
    named = {name: evaluate(each, scope, line) for name, each in call.named}
    try:
        return scope.call(call.function.name, arguments, named)
    except TemplateStopped as stopped:
        raise TemplateStopped(stopped.message, line) from stopped


def _configure(call: Call, scope: Scope, line: int) -> None:
    """Keep what can be read of a `config(...)`: hooks and grants may hold anything, and change no SQL."""
    for name, each in call.named:
        try:
            scope.config[name] = evaluate(each, scope, line)
        except TemplateStopped:
            continue
    if call.arguments:
        options = evaluate(call.arguments[0], scope, line)
        if isinstance(options, dict):
            scope.config.update(options)


def _spelled(expression: Expression) -> str:
    if isinstance(expression, Attribute):
        return f"{_spelled(expression.of)}.{expression.name}"[:60]
    return expression.name[:60] if isinstance(expression, Name) else "..."


def _item(of: Value, key: Value, line: int) -> Value:
    known = (isinstance(of, dict) and isinstance(key, str) and key in of) or (
        isinstance(of, list) and type(key) is int and -len(of) <= key < len(of)
    )
    if not known:
        raise TemplateStopped(f"`{printable(key)}` of a value is not known without dbt", line)
    return of[key]


def _filter(name: str, of: Value, arguments: list[Value], scope: Scope, line: int) -> Value:
    if name == "join" and isinstance(of, list):
        separator = printed(arguments[0], line) if arguments else ""
        length = sum(len(printed(each, line)) + len(separator) for each in of)
        scope.spend(length // 64, line)
        return _bounded(separator.join(printed(each, line) for each in of), scope, line)
    if name == "length" and isinstance(of, list | str | dict):
        return len(of)
    if name in ("upper", "lower", "trim", "as_text", "string") and not arguments:
        text = _bounded(printed(of, line), scope, line)
        return {"upper": text.upper(), "lower": text.lower(), "trim": text.strip()}.get(name, text)
    raise TemplateStopped(f"the filter `{name[:60]}` is not read", line)


def _key(value: Value, line: int) -> Value:
    if isinstance(value, list | dict):
        raise TemplateStopped("a key is a list or a mapping", line)
    return value


def _bounded(text: str, scope: Scope, line: int) -> str:
    scope.spend(len(text) // 64, line)
    if len(text) > MAX_CHARACTERS:
        raise TemplateStopped(f"it becomes over {MAX_CHARACTERS:,} characters", line)
    return text


def printable(value: Value) -> str:
    """A value for a message, short whatever it is."""
    return value[:60] if isinstance(value, str) else type(value).__name__


def printed(value: Value, line: int) -> str:
    """What `{{ value }}` puts into the text.

    Raises:
        TemplateStopped: It is a list or a mapping: no SQL is written with those.
    """
    if isinstance(value, list | dict):
        raise TemplateStopped("a list or a mapping is printed", line)
    return str(value)
