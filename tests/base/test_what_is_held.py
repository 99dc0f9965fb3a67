"""What a module or a class holds between calls: by clinic first, or with a reason why it holds nothing of anybody."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CACHES = {"cache", "lru_cache", "cached", "alru_cache"}  # `cached_property` goes with the object that it is about
STORES = {
    "LRUCache",
    "TTLCache",
    "TLRUCache",
    "LFUCache",
    "FIFOCache",
    "RRCache",
    "Cache",
    "WeakSet",
    "WeakValueDictionary",
}
STORES |= {
    "Counter",
    "WeakKeyDictionary",
    "defaultdict",
    "OrderedDict",
    "ClinicMemory",
    "ContextVar",
    "local",
    "deque",
    "Queue",
}
CHANGES = {"append", "add", "update", "setdefault", "pop", "clear", "extend", "insert", "remove", "discard", "popitem"}

OF_THE_CODE = "what comes with the code; it has no argument, or only names of ours"
OF_STATEMENTS = "statements, which hold no value of anybody"
OF_A_DIARY = "goes with one diary; what is held of it is held by `engine_memory`, by clinic first"
HELD = {  # by module and name: why nothing of one clinic comes out of it for another
    "access/audit/checking.py: self.known": "the heads of one clinic, while its log is checked",
    "access/audit/service.py: _heard": "the kinds of what one request has read; its own context",
    "access/sign_on/provider.py: _documents": "by clinic first",
    "access/sign_on/provider.py: _failed": "by clinic first",
    "alerts/messages/push.py: signer": "the key of the service, by itself",
    "base/http/outgoing.py: tls": OF_THE_CODE,
    "base/languages/catalogue.py: catalogue": OF_THE_CODE,
    "base/languages/sentences.py: _patterns": OF_THE_CODE,
    "base/languages/speaking.py: _language": "the language of one request; its own context",
    "doors/pages/said.py: _said": "a word of ours, which one request has asked for; its own context",
    "doors/pages/sent_once.py: _under_way": "by clinic first, while a form is under way",
    "doors/phone/assets.py: assets": OF_THE_CODE,
    "rules/phone_rules.py: phone_rules": OF_THE_CODE,
    "rules/red_flags.py: emergencies": OF_THE_CODE,
    "work/clinic/schemas.py: countries": OF_THE_CODE,
    "alerts/messages/texts.py: languages": OF_THE_CODE,
    "alerts/messages/sending.py: self.busy": "by clinic first, while a lane is served",
    "answers/follow_up/wording.py: source": OF_THE_CODE,
    "base/store/origin.py: _origin": "whence one request came; its own context",
    "answers/cohorts/service.py: _at_it": "by clinic first, while stale verdicts are made",
    "answers/follow_up/typeset.py: _typesetter": "the compiler and the report's source; what is set goes in at each call",
    "answers/pictures/render.py: _drawn": "by clinic first",
    "answers/verdicts/engine_memory.py: memory": "by clinic first",
    "answers/verdicts/service.py: _look_up": OF_STATEMENTS,
    "base/http/pools.py: self._taken": "how much each clinic has taken, by clinic",
    "base/http/wire.py: zone_names": OF_THE_CODE,
    "base/memory.py: _every_one": "the memories themselves, which are by clinic first",
    "base/memory.py: self._held": "by clinic first",
    "base/settings.py: get_settings": "the settings of the process",
    "base/store/database.py: _insert_into": OF_STATEMENTS,
    "base/store/database.py: self._gathered": "rows until they are inserted; nobody reads them",
    "base/store/database.py: self._inserting": "tasks until they end",
    "base/store/sealed.py: _rings": "the keys of each database that is open",
    "base/store/prepared.py: self._compiled": OF_STATEMENTS,
    "base/store/statements.py: _insert_new": OF_STATEMENTS,
    "base/store/statements.py: _upsert": OF_STATEMENTS,
    "base/store/typed.py: _defaults": OF_THE_CODE,
    "base/store/typed.py: _sealed": OF_THE_CODE,
    "base/telemetry.py: _on": "the line to the operator's collector",
    "base/store/wall.py: _held": "the clinic that one request is held to; its own context",
    "base/store/writer.py: self._waiting": "work until it is done, each for whoever waits for it",
    "doors/pages/assets.py: _bundle": OF_THE_CODE,
    "doors/pages/rendering.py: environment": OF_THE_CODE,
    "record/diary/sheet.py: medication_names": OF_THE_CODE,
    "record/diary/service.py: shown_of": OF_STATEMENTS,
    "record/patients/names.py: _held": "by clinic first",
    "record/patients/service.py: _find": OF_STATEMENTS,
    "relief/chain.py: chain_of": OF_THE_CODE,
    "relief/chain.py: self._from": "while the chain of a definition is built",
    "relief/chain.py: self._rate": "while the chain of a definition is built",
    "relief/chain.py: self._to": "while the chain of a definition is built",
    "relief/forward.py: self._at": OF_A_DIARY,
    "relief/forward.py: self.days": OF_A_DIARY,
    "relief/forward.py: self.evidence": OF_A_DIARY,
    "relief/forward.py: self.history": OF_A_DIARY,
    "relief/forward.py: self.known": OF_A_DIARY,
    "relief/forward.py: self.source": OF_A_DIARY,
    "relief/forward.py: self.step_of": OF_A_DIARY,
    "relief/forward.py: self.version": OF_A_DIARY,
    "relief/prepared_chain.py: prepared_chain": OF_THE_CODE,
    "relief/places.py: places": "numbers by numbers: a definition and a pain",
    "relief/plan.py: self.before": OF_A_DIARY,
    "relief/plan.py: self.sides": OF_A_DIARY,
    "relief/plan.py: self.written": OF_A_DIARY,
    "relief/remembered.py: self.baselines": OF_A_DIARY,
    "relief/remembered.py: self.judged": OF_A_DIARY,
    "relief/remembered.py: self.rate": OF_A_DIARY,
    "rules/consents.py: _texts": OF_THE_CODE,
    "rules/emergency.py: _numbers": OF_THE_CODE,
    "rules/medications.py: _by_word": OF_THE_CODE,
    "rules/medications.py: _table": OF_THE_CODE,
    "rules/policies/loading.py: load_text": "a policy by its whole text: who has the text has the policy",
    "rules/policies/loading.py: policies": OF_THE_CODE,
    "rules/red_flags.py: rules": OF_THE_CODE,
    "rules/red_words.py: grammar": OF_THE_CODE,
    "rules/red_words.py: table": OF_THE_CODE,
}


def stores(source: str) -> Iterator[str]:
    """The names of whatever a module's functions, classes and statements hold between calls."""
    tree = ast.parse(source)
    bodies: list[ast.Module | ast.ClassDef] = [tree, *_classes(tree)]
    lasting = [statement for body in bodies for statement in body.body]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if CACHES & {_last(one) for one in node.decorator_list}:
                yield node.name
            yield from (f"{node.name} ({name})" for name in _defaults(node))
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if _holds(node.value):
                yield from (ast.unparse(one) for one in targets if node in lasting or isinstance(one, ast.Attribute))
    yield from sorted(_filled(tree))


def _holds(value: ast.expr) -> bool:
    """Whether a value is a store: one of a library, or an empty dictionary, list or set."""
    empty = (isinstance(value, ast.Dict) and not value.keys) or (isinstance(value, ast.List) and not value.elts)
    plain = isinstance(value, ast.Call) and _last(value) in ("dict", "list", "set") and not value.args
    return empty or plain or (isinstance(value, ast.Call) and _last(value) in STORES | CACHES)


def _filled(tree: ast.Module) -> set[str]:
    """Names of the module, or of a class, that some function changes: a dictionary that fills as people call."""
    of_module = {*_assigned(tree), *(n for node in ast.walk(tree) if isinstance(node, ast.Global) for n in node.names)}
    of_classes = {f"{one.name}.{name}" for one in _classes(tree) for name in _assigned(one)}
    of_classes |= {f"cls.{name.partition('.')[2]}" for name in of_classes}
    changed = set()
    for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)):
        open_to = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
        own = _own(function) - open_to
        changed |= open_to
        for node in ast.walk(function):
            if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
                changed.add(ast.unparse(node.value if isinstance(node, ast.Subscript) else node))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
                changed.add(ast.unparse(node.func.value))
        changed -= own
    return (of_module | of_classes) & changed


def _classes(tree: ast.Module) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def _assigned(body: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in body.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            yield from (one.id for one in ast.walk(target) if isinstance(one, ast.Name))


def _own(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    """What a function has of its own: its arguments, and what it assigns."""
    given = function.args
    names = {one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
    return names | {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _defaults(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """Arguments whose default is one dictionary, list or set for all calls."""
    given = node.args
    pairs = [
        *zip(given.args[::-1], given.defaults[::-1], strict=False),
        *zip(given.kwonlyargs, given.kw_defaults, strict=True),
    ]
    yield from (arg.arg for arg, value in pairs if isinstance(value, ast.Dict | ast.List | ast.Set))


def _last(node: ast.expr) -> str:
    """The last name of what is called or decorates: `functools.lru_cache(maxsize=2)` is `lru_cache`."""
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def test_whatever_is_held_is_keyed_by_clinic_or_has_a_reason() -> None:
    found = set()
    for file in sorted((ROOT / "app").rglob("*.py")):
        found |= {f"{file.relative_to(ROOT / 'app').as_posix()}: {name}" for name in stores(file.read_text())}
    assert sorted(found - set(HELD)) == [], "say by what it is keyed, or why it holds nothing of a patient"
    assert sorted(set(HELD) - found) == [], "gone"


@pytest.mark.parametrize(
    "source",
    [
        "from functools import lru_cache\n@lru_cache(maxsize=8)\ndef report(procedure_id): ...",
        "import functools\n@functools.cache\ndef report(procedure_id): ...",
        "seen = {}\ndef f(key): seen[key] = 1",
        "seen: dict[str, int] = {}\ndef f(key): seen.setdefault(key, 1)",
        "class A:\n    seen = []\n    def f(self, one): A.seen.append(one)",
        "class A:\n    seen = None\n    @classmethod\n    def f(cls, one): cls.seen = one",
        "from cachetools import TTLCache\nseen = TTLCache(8, 60)",
        "import cachetools\nclass A:\n    def __init__(self): self.held = cachetools.LRUCache[str, int](8)",
        "class A:\n    def __init__(self): self.held = {}",
        "def f(key, seen={}): ...",
        "last = None\ndef f(key):\n    global last\n    last = key",
        "def f(key):\n    global last\n    last = key",
        "from functools import cache\nreport = cache(make)",
    ],
)
def test_each_kind_of_store_would_be_found(source: str) -> None:
    assert list(stores(source))


def test_what_fills_is_told_from_what_is_only_looked_up() -> None:
    assert not list(stores("WORDS = {1: 2}\ndef f(key):\n    own = {}\n    own[key] = WORDS[key]\n    return own"))
