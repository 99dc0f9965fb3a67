"""The keys under which names, notes, addresses and secrets are kept, and the file that holds them.

A ring is a file of lines `id key`, the key as base64 of 32 bytes, read by its owner alone; the first line is the key that
writes, the others only read. SQLite has its ring beside the database; PostgreSQL has one where a setting names it. A process
reads the file again when it has changed, so that keys can be added and changed while servers run.
"""

import base64
import binascii
import fcntl
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import make_url

from app.base.settings import SettingError

log = structlog.get_logger()
MARK = "\x02"  # begins what is sealed: no text that comes in holds a control character
NONCE, KEY, ID = 12, 32, 4  # bytes
LOOKS_EVERY = 0.5  # seconds between looks at whether the file has changed
PRIVATE = 0o600
ABOUT = "# Keys of Reprieve. Keep a copy elsewhere: without them names, notes and addresses can't be read.\n"


class CellError(Exception):
    """What is kept can't be read: its key is not in the ring, or it is not where it was written."""


@dataclass
class KeyRing:
    """The keys of one database; without a file nothing is sealed. Several threads may use it."""

    path: Path | None = None
    _keys: dict[str, AESGCM] = field(default_factory=dict, repr=False)
    _gone: dict[str, AESGCM] = field(default_factory=dict, repr=False)  # that this process still reads with
    _first: str | None = None
    _changed: int = 0
    _looked: float = -LOOKS_EVERY

    @property
    def writes_with(self) -> str | None:
        """The id of the key that writes; none where nothing is sealed."""
        self._look()
        return self._first

    @property
    def ids(self) -> list[str]:
        """The ids of all keys, the one that writes first."""
        self._look()
        return list(self._keys)

    def seal(self, text: str, of: str) -> str:
        """The text as it is kept.

        Args:
            of: what it belongs to, its row and column; it is read only for the same.
        """
        self._look()
        if self._first is None:
            if text.startswith(MARK):
                raise ValueError("a text that is kept in clear can't begin as a sealed one does")
            return text
        nonce, name, keys = secrets.token_bytes(NONCE), self._first, self._keys
        key = keys.get(name) or self._gone[name]  # another thread may just have read the file again
        closed = key.encrypt(nonce, text.encode(), of.encode())
        return f"{MARK}{name}{base64.b64encode(nonce + closed).decode()}"

    def open(self, kept: str, of: str) -> str:
        """The text that is kept; one that was written before there were keys is in clear.

        Raises:
            CellError: its key is unknown, or it was sealed for something else.
        """
        if not kept.startswith(MARK):
            return kept
        name = kept[1 : 1 + 2 * ID]
        if name not in self._keys and name not in self._gone:
            self._look(now=True)
        key = self._keys.get(name) or self._gone.get(name)
        if key is None:
            raise CellError(f"{of.partition('|')[0]}: kept under the key {name}, which {self.path or 'no ring'} lacks")
        try:
            raw = base64.b64decode(kept[1 + 2 * ID :])
            return key.decrypt(raw[:NONCE], raw[NONCE:], of.encode()).decode()
        except (InvalidTag, ValueError):
            raise CellError(f"{of.partition('|')[0]}: what is kept there was written for another row") from None

    def load(self) -> None:
        """Reads the file, where there is one.

        Raises:
            SettingError: it can't be read, or is no ring.
        """
        if self.path is None or not self.path.exists():
            return
        try:
            self._changed = self.path.stat().st_mtime_ns
            lines = self.path.read_text("ascii").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(f"the keys in {self.path} can't be read: {type(error).__name__}") from None
        keys = {}
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.startswith("#"):
                name, key = _parsed(line, f"{self.path}, line {number}")
                keys[name] = AESGCM(key)
        if not keys:  # a file that is being copied, or was emptied: what is known goes on
            raise SettingError(f"{self.path} holds no key")
        self._gone.update({name: key for name, key in self._keys.items() if name not in keys})
        self._keys, self._first = keys, next(iter(keys))

    def add(self, *, first: bool) -> str:
        """Writes a new key into the file, which is made where there is none, and answers the key's id."""
        name = secrets.token_hex(ID)
        self._write(lambda lines: _with(lines, f"{name} {_new_key()}", first=first))
        return name

    def put_first(self, name: str) -> None:
        """Makes a key of the ring the one that writes."""

        def moved(lines: list[str]) -> list[str]:
            mine = next(line for line in lines if line.startswith(f"{name} "))
            return _with([line for line in lines if line != mine], mine, first=True)

        self._write(moved)

    def drop(self, name: str) -> None:
        """Takes a key out of the file."""
        self._write(lambda lines: [line for line in lines if not line.startswith(f"{name} ")])

    def make(self) -> None:
        """Makes the file with a first key; another process that makes it at the same time may be the faster one."""
        self._write(lambda lines: lines or [f"{secrets.token_hex(ID)} {_new_key()}"])

    def _write(self, change: Callable[[list[str]], list[str]]) -> None:
        """Changes the file as nobody else does meanwhile; it is on the disk before anything is sealed by it."""
        assert self.path is not None
        path = self.path.resolve()
        with _alone(path):
            lines = path.read_text("ascii").splitlines() if path.exists() else []
            kept = [line for line in lines if line.strip() and not line.startswith("#")]
            _private(path, change(kept)).replace(path)
            _sync(path.parent)
        self.load()

    def _look(self, now: bool = False) -> None:
        """Reads the file again where it has changed; keys that were known stay where it has become unreadable."""
        at = monotonic()
        if self.path is None or (not now and at - self._looked < LOOKS_EVERY):
            return
        self._looked = at
        try:
            if self.path.stat().st_mtime_ns != self._changed:
                self.load()
        except FileNotFoundError:
            if self._keys:
                log.error("the file of keys is gone; those that are known go on", file=str(self.path))
        except OSError as error:
            log.error("the keys can't be read; those that are known go on", why=type(error).__name__)
        except SettingError as error:
            log.error("the keys can't be read; those that are known go on", why=str(error))


CLEAR = KeyRing()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keeps other processes of this machine from changing the file in the meantime."""
    try:
        handle = os.open(path.with_name(f".{path.name}.lock"), os.O_CREAT | os.O_RDWR, PRIVATE)
        _hand_over(handle, path)
    except OSError as error:
        raise SettingError(f"{path} can't be written: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def ring_of(url: str, key_file: Path | None) -> KeyRing:
    """The ring of a database: the named file, or for SQLite one beside it; no keys are made here.

    Raises:
        SettingError: the file can't be read, is no ring, or is not there though it was named.
    """
    where = make_url(url)
    if key_file is None and where.get_backend_name() != "sqlite":
        return KeyRing()
    ring = KeyRing(key_file or Path(f"{where.database}.keys"))
    if key_file is not None and not key_file.exists():
        raise SettingError(f"REPRIEVE_KEY_FILE: there is no {key_file}; `reprieve keys add` makes it")
    ring.load()
    return ring


def _parsed(line: str, where: str) -> tuple[str, bytes]:
    try:
        name, text = line.split()
        key = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        name, key = "", b""
    if len(name) != 2 * ID or len(key) != KEY:
        raise SettingError(f"{where}: is none of `id key`, {2 * ID} characters and base64 of {KEY} bytes")
    return name, key


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY)).decode()


def _with(lines: list[str], line: str, *, first: bool) -> list[str]:
    return [line, *lines] if first else [*lines, line]


def _hand_over(handle: int, path: Path) -> None:
    """What an operator makes as root is the servers' user's, who goes on with it: whose the ring is, or its folder."""
    if os.geteuid() == 0:
        whose = (path if path.exists() else path.parent).stat()
        os.fchown(handle, whose.st_uid, whose.st_gid)


def _private(path: Path, lines: list[str]) -> Path:
    """A file beside the ring, on the disk, that takes its place or is linked there."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(ABOUT + "\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
            _hand_over(file.fileno(), path)
        os.chmod(name, PRIVATE)
    except OSError as error:
        raise SettingError(f"{path} can't be written: {error.strerror}") from None
    return Path(name)
