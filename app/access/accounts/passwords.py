"""Which passwords are taken: by how soon they are guessed, not by what characters they are made of."""

from functools import partial
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from zxcvbn import zxcvbn

from app.access.accounts.service import hashed, hashing
from app.base.http.problems import bad_field

SHORTEST, LONGEST = 12, 200  # characters
GUESSES = (
    8.0  # power of ten: tries within which a password is found by who knows lists of them and common habits; chosen
)
LOOKED_AT = 72  # characters: what comes after them makes no password weaker, and takes long to look at
OURS = ("reprieve", "clinic", "rhizotomy")


def _of_some_length(given: SecretStr) -> SecretStr:
    many = len(given.get_secret_value())
    if many < SHORTEST:
        raise ValueError(f"needs {SHORTEST} characters or more")
    if many > LONGEST:
        raise ValueError(f"has over {LONGEST} characters")
    return given


NewPassword = Annotated[
    SecretStr,
    AfterValidator(_of_some_length),
    Field(
        description="one that lists of common passwords hold, or that is made like them, is refused",
        json_schema_extra={"minLength": SHORTEST, "maxLength": LONGEST},
    ),
]


async def hash_new(password: SecretStr, *, username: str, pointer: str) -> str:
    """The hash of a password that somebody chose.

    Raises:
        Problem: 422 for one that is soon guessed; 429 where too many passwords are looked at.
    """
    chosen = password.get_secret_value()
    if await hashing.run(partial(_guesses, chosen, username)) < GUESSES:
        raise bad_field(pointer, "is a common password, or made like one; take another, such as four words in a row")
    return await hashed(chosen)


def _guesses(password: str, username: str) -> float:
    return float(zxcvbn(password[:LOOKED_AT], user_inputs=[username, *OURS])["guesses_log10"])
