"""The files of the phone's app, read once, each with a name for its content; and their list, which the phone keeps whole.

The service worker's text holds that list: where any file changes, the phone sees another worker and fetches all anew.
"""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from app.base.languages.catalogue import catalogue
from app.rules.phone_rules import phone_rules
from app.rules.words import LANGUAGES

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
}
WORKER = "worker.js"
PAGE = "index.html"
LATER = ("words/", "icon-")  # kept when they are asked for: one language is enough, and the phone keeps the icon itself
TEXT = r'"(?:[^"\\\\]|\\\\.)*"'
COMMENT = re.compile(rb"^[ ]*(?://[^\n]*|/\*.*?\*/)\n", re.DOTALL | re.MULTILINE)  # that begins its line, and ends it
SAID = re.compile(rf"\b(?:t\((?P<text>{TEXT})|n\((?P<one>{TEXT}), (?P<many>{TEXT}))")  # the functions of `words.js`


@dataclass(frozen=True)
class Asset:
    """One file: its bytes, its media type, the ETag of its content, and the bytes as they are packed (gzip).

    The page and the worker say what they may do (`has_policy`); a module is bound by whichever runs it.
    """

    content: bytes
    media_type: str
    tag: str
    packed: bytes
    has_policy: bool


@cache
def assets() -> dict[str, Asset]:
    """Every file of the app by its path below `/app`."""
    static = (one for one in (files(__package__) / "static").iterdir() if one.is_file())
    found = {one.name: _without_comments(one.name, one.read_bytes()) for one in static}
    found["rules.json"] = json.dumps(phone_rules(), ensure_ascii=False, separators=(",", ":")).encode()
    for language in LANGUAGES:
        found[f"words/{language}.json"] = _words(language)
    found[PAGE] = found[PAGE].replace(b"<!-- modules -->\n", _preloads(found))
    kept = sorted(name for name in found if name != WORKER)
    version = hashlib.sha256(b"".join(name.encode() + found[name] for name in [*kept, WORKER])).hexdigest()[:16]
    listed = ["/app" if name == PAGE else f"/app/{name}" for name in kept if not name.startswith(LATER)]
    head = f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(listed)};\n"
    found[WORKER] = head.encode() + found[WORKER]
    return {name: _asset(name, content) for name, content in found.items()}


def _without_comments(name: str, content: bytes) -> bytes:
    """A module or a style as a phone needs it: comments are for who reads the source."""
    return COMMENT.sub(b"", content) if name.endswith((".js", ".css")) else content


def _preloads(found: dict[str, bytes]) -> bytes:
    """Tells the browser of every module at once: it need not find them one behind the other."""
    modules = sorted(name for name in found if name.endswith(".js") and name not in (WORKER, "first.js"))
    return "".join(f'<link rel="modulepreload" href="/app/{name}">\n' for name in modules).encode()


def messages() -> list[str | tuple[str, str]]:
    """Every text of the app's modules, in the order of the files."""
    out: dict[str | tuple[str, str], None] = {}
    for one in sorted((files(__package__) / "static").iterdir(), key=lambda one: one.name):
        for found in SAID.finditer(one.read_text("utf-8")) if one.name.endswith(".js") else ():
            name = json.loads(found["text"] or found["one"])
            out[name if found["many"] is None else (name, json.loads(found["many"]))] = None
    return list(out)


def _words(language: str) -> bytes:
    """The translations of the texts that the app's modules say, by their English text."""
    known = catalogue(language)
    named = [text if isinstance(text, str) else text[0] for text in messages()]
    found = {name: known[name] for name in named if name in known}
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def _asset(name: str, content: bytes) -> Asset:
    tag = hashlib.sha256(content).hexdigest()[:20]
    return Asset(
        content, TYPES[name.rpartition(".")[2]], f'"{tag}"', gzip.compress(content, 9, mtime=0), name in (PAGE, WORKER)
    )
