"""Templates in plain English that are said in the visitor's language: every text in them is a message by standing there.

A template is compiled with its texts looked up in the catalogue: what stands between two tags, up to the next block of
Jinja, is one message, with a `{place}` for each expression in it; so is what stands in an attribute that people read. An
expression's value is not looked up, for it may be a patient's name; literals in it are. A value that is one of our own
words is marked by the filter `words`, `ours` or `spoken`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from jinja2 import Environment, TemplateSyntaxError, nodes
from markupsafe import Markup

from app.base.languages.speaking import translated

READ = re.compile(
    r"aria-label|alt|placeholder|title|data-say-.+"
)  # attributes whose values people read, or a module shows
SILENT = ("script", "style", "kbd", "code")  # what stands in these is no text
SAYING = ("say", "counted")  # functions whose literals are messages
LETTERS = re.compile(r"[^\W\d_]{2}")
MARK = re.compile(r"<!--.*?-->|<!doctype|</?[a-zA-Z][\w-]*|[\w-]+=\"|\"|>", re.DOTALL)
ENTITY = re.compile(r"&\w+;")


def text_of(message: str, **values: object) -> Markup:
    """A template's message, with its values escaped; the message itself is HTML."""
    said = Markup(translated(message))  # noqa: S704 - of our own templates and catalogues
    return said.format(**values) if values else said


class SpokenEnvironment(Environment):
    """Jinja, whose templates say their texts in the language that is spoken when they are rendered."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        _Texts(lambda message: None).put_into(tree)
        return tree

    def messages(self, source: str) -> list[str]:
        """Every text of a template, in its order."""
        found: list[str] = []
        tree = super()._parse(source, None, None)
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in SAYING:
                found += [one.value for one in call.args if isinstance(one, nodes.Const) and isinstance(one.value, str)]
        _Texts(found.append).put_into(tree)
        return found


@dataclass
class _Texts:
    """Walks a template with the place in the HTML that it has come to, and puts look-ups where texts stand."""

    found: Callable[[str], None]
    tag: str = ""  # the tag whose attributes stand here; empty between tags
    attribute: str = ""  # the attribute whose value stands here
    silent: str = ""
    parts: list[nodes.Expr] = field(default_factory=list)

    def put_into(self, node: nodes.Node) -> None:
        """Changes a node and what is in it, in the order of the source."""
        if isinstance(node, nodes.Output):
            node.nodes = list(self._output(node.nodes))
        elif isinstance(node, nodes.AssignBlock) and _is_attributes(node):
            self.tag = "set"
            self._children(node)
            self.tag = ""
        else:
            self._children(node)

    def _children(self, node: nodes.Node) -> None:
        for child in node.iter_child_nodes():
            self.put_into(child)

    def _output(self, held: list[nodes.Expr]) -> Iterator[nodes.Expr]:
        for one in held:
            if isinstance(one, nodes.TemplateData):
                yield from self._data(one.data, one.lineno)
            elif self._is_read():
                self.parts.append(self._literals(one))
            else:
                yield one
        yield from self._end()

    def _is_read(self) -> bool:
        if self.silent:
            return False
        return bool(READ.fullmatch(self.attribute)) if self.attribute else not self.tag

    def _data(self, data: str, lineno: int) -> Iterator[nodes.Expr]:
        if re.search(r"<[a-zA-Z][^<>]*='", data):
            raise TemplateSyntaxError("attributes stand between double quotes", lineno)
        done = 0
        for mark in MARK.finditer(data):
            text = mark[0]
            if text in ('"', ">") or text.endswith('="'):
                if not self.tag or (self.attribute and text != '"'):
                    continue  # a sign in a text
            elif self.attribute:
                continue
            yield from self._plain(data[done : mark.start()], lineno)
            yield from self._end()
            yield nodes.TemplateData(text, lineno=lineno)
            done = mark.end()
            self._step(text)
        yield from self._plain(data[done:], lineno)

    def _step(self, mark: str) -> None:
        if mark == '"':
            self.attribute = ""
        elif mark == ">":
            self.tag = ""
        elif mark.endswith('="'):
            self.attribute = mark[:-2]
        elif mark.startswith("</"):
            self.tag = mark
            self.silent = "" if mark[2:] == self.silent else self.silent
        elif not mark.startswith("<!--"):
            self.tag = mark
            self.silent = self.silent or (mark[1:] if mark[1:] in SILENT else "")

    def _plain(self, text: str, lineno: int) -> Iterator[nodes.Expr]:
        if text and self._is_read():
            self.parts.append(nodes.TemplateData(text, lineno=lineno))
        elif text:
            yield nodes.TemplateData(text, lineno=lineno)

    def _end(self) -> Iterator[nodes.Expr]:
        """The text that has come to its end: one look-up with its places, or what it was where it says nothing."""
        parts, self.parts = self.parts, []
        text = "".join(one.data for one in parts if isinstance(one, nodes.TemplateData))
        if not LETTERS.search(ENTITY.sub("", text)):
            yield from parts
            return
        lineno, message, places = parts[0].lineno, "", list[nodes.Keyword]()
        for one in parts:
            if isinstance(one, nodes.TemplateData):
                message += re.sub(r"\s+", " ", one.data)
            else:
                name = _name_of(one, [place.key for place in places])
                places.append(nodes.Keyword(name, one, lineno=lineno))
                message += f"{{{name}}}"
        if places and "{" in text:
            raise TemplateSyntaxError("a text with an expression has no brace of its own", lineno)
        said = message.strip(" ")  # what surrounds a text is none of it
        if message.startswith(" "):
            yield nodes.TemplateData(" ", lineno=lineno)
        self.found(said)
        yield _call("text_of", said, places=places, lineno=lineno)
        if message.endswith(" "):
            yield nodes.TemplateData(" ", lineno=lineno)

    def _literals(self, one: nodes.Expr) -> nodes.Expr:
        """An expression whose literals are said in the language, where they are what it answers."""
        match one:
            case nodes.Const(value=str(value)) if LETTERS.search(value):
                self.found(value)
                return _call("ours", value, places=[], lineno=one.lineno)
            case nodes.CondExpr():
                one.expr1 = self._literals(one.expr1)
                one.expr2 = self._literals(one.expr2) if one.expr2 else None
            case nodes.Or() | nodes.And():
                one.left, one.right = self._literals(one.left), self._literals(one.right)
            case nodes.Concat():
                one.nodes = [self._literals(part) for part in one.nodes]
            case nodes.Getitem(node=nodes.Dict(items=items)):
                for pair in items:
                    pair.value = self._literals(pair.value)
            case nodes.Call(node=nodes.Getattr(node=looked_in, attr="get"), args=[_, default]):
                one.args[1] = self._literals(default)
                for pair in looked_in.items if isinstance(looked_in, nodes.Dict) else ():
                    pair.value = self._literals(pair.value)
            case _:
                pass
        return one


def _is_attributes(block: nodes.AssignBlock) -> bool:
    """Whether a block that is set holds attributes for a tag, and no text."""
    first = next(block.find_all(nodes.TemplateData), None)
    return first is not None and bool(re.match(r"\s[\w-]+=", first.data))


def _call(name: str, message: str, *, places: list[nodes.Keyword], lineno: int) -> nodes.Call:
    return nodes.Call(
        nodes.Name(name, "load", lineno=lineno),
        [nodes.Const(message, lineno=lineno)],
        places,
        None,
        None,
        lineno=lineno,
    )


def _name_of(one: nodes.Expr, taken: list[str]) -> str:
    """What a place is called for who translates: the name of the value that stands there."""
    while isinstance(one, nodes.Filter | nodes.Call | nodes.CondExpr | nodes.Or):
        inner = one.test if isinstance(one, nodes.CondExpr) else one.left if isinstance(one, nodes.Or) else one.node
        if inner is None:
            break
        one = inner
    name = one.attr if isinstance(one, nodes.Getattr) else one.name if isinstance(one, nodes.Name) else "value"
    return name if name not in taken else next(f"{name}_{n}" for n in range(2, 99) if f"{name}_{n}" not in taken)
