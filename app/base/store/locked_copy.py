"""A file under a password: what `reprieve backup` writes where it is asked to.

The key comes from the password by scrypt (RFC 7914) with a salt of the file; the contents are sealed in pieces with
AES-256-GCM. Each piece has its number and whether it is the last as its nonce, so that none can be left out, moved or cut
off unseen (STREAM: Hoang, Reyhanitabar, Rogaway and Vizár 2015, doi:10.1007/978-3-662-47989-6_24).
"""

import secrets
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from app.base.settings import SettingError

HEAD = b"reprieve-locked-1\n"
SALT, NONCE, TAG = 16, 7, 16  # bytes
PIECE = 2**20  # bytes of the file in one piece
COST = 2**17  # of scrypt: 128 MiB for some tenth of a second
LEAST = 12  # characters of a password


def password_in(file: Path) -> bytes:
    """The password that a file holds, without the line's end.

    Raises:
        SettingError: it can't be read, or is short.
    """
    try:
        password = file.read_bytes().strip()
    except OSError as error:
        raise SettingError(f"--password-file: {file} can't be read: {error.strerror or type(error).__name__}") from None
    if len(password) < LEAST:
        raise SettingError(f"--password-file: {file} holds less than {LEAST} characters")
    return password


def is_locked(file: Path) -> bool:
    """Whether a file is one that `lock` has written."""
    with file.open("rb") as opened:
        return opened.read(len(HEAD)) == HEAD


def lock(source: BinaryIO, target: BinaryIO, password: bytes) -> None:
    """Writes a file under a password."""
    salt, begins = secrets.token_bytes(SALT), secrets.token_bytes(NONCE)
    target.write(HEAD + salt + begins)
    key, number, piece = _key(password, salt), 0, source.read(PIECE)
    while True:
        following = source.read(PIECE)
        target.write(key.encrypt(_nonce(begins, number, last=not following), piece, None))
        if not following:
            return
        number, piece = number + 1, following


def unlock(source: BinaryIO, target: BinaryIO, password: bytes) -> None:
    """Writes what is under a password; where this fails what was written is of no use.

    Raises:
        SettingError: the password is another one, or the file was touched or cut off.
    """
    if source.read(len(HEAD)) != HEAD:
        raise SettingError("the copy is not under a password")
    salt, begins = source.read(SALT), source.read(NONCE)
    key, number, piece = _key(password, salt), 0, source.read(PIECE + TAG)
    while True:
        following = source.read(PIECE + TAG)
        try:
            target.write(key.decrypt(_nonce(begins, number, last=not following), piece, None))
        except (InvalidTag, ValueError):
            raise SettingError("the copy is under another password, or was touched or cut off") from None
        if not following:
            return
        number, piece = number + 1, following


def _key(password: bytes, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(password))


def _nonce(begins: bytes, number: int, *, last: bool) -> bytes:
    return begins + number.to_bytes(4) + bytes([last])
