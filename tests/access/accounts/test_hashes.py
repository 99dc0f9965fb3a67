"""Codes that are read out over the telephone and typed from paper."""

import re

import pytest

from app.access.accounts.hashes import LETTERS, fresh_code, hash_of, hash_of_code
from tests.support import PASSWORD, Service


def test_a_code_is_made_of_letters_that_nobody_confuses() -> None:
    made = {fresh_code() for _ in range(300)}
    assert len(made) == 300
    assert all(re.fullmatch(rf"(?:[{LETTERS}]{{4}}-){{4}}[{LETTERS}]{{4}}", one) for one in made)
    assert not set("OILU") & set("".join(made))


def test_however_it_is_typed_it_is_the_same_code() -> None:
    code = "70KQ-M2XD-9PHT-VW3R-B61N"
    for typed in (
        code.lower(),
        code.replace("-", ""),
        code.replace("-", " "),
        " 7okq m2xd 9pht vw3r b6ln ",
        code.replace("1", "I"),
    ):
        assert hash_of_code(typed) == hash_of_code(code), typed
    assert hash_of_code(code.replace("9", "8")) != hash_of_code(code)
    full_width = "".join(chr(ord(one) + 0xFEE0) if one.isalnum() else one for one in code)
    arabic = code.translate({ord(str(digit)): chr(0x660 + digit) for digit in range(10)})
    assert hash_of_code(full_width) == hash_of_code(arabic) == hash_of_code(code)
    # as codes were, and may hold for two weeks more; the second has as many letters as a new one
    for older in ("xK3-_aB7dE9fGh1jKmNpQrS2", "xK3-_aB7dE9fGh1jKmNpQ-S_"):
        assert hash_of_code(older) == hash_of(older) != hash_of_code(older.lower())


@pytest.mark.anyio
async def test_a_code_that_was_read_out_lets_somebody_in(service: Service) -> None:
    new = {"name": "Nina", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}
    nina = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
    code = (await service("cleo", "POST", f"/v1/patients/{nina}/invitations", json={})).json()["code"]
    heard = code.lower().replace("-", " ").replace("1", "l").replace("0", "o")
    chosen = {"username": "nina", "password": PASSWORD}
    joined = await service("nobody", "POST", f"/v1/invitations/{heard}/accept", json=chosen)
    assert joined.status_code == 201, joined.text
    again = await service("nobody", "POST", f"/v1/invitations/{code}/accept", json={**chosen, "username": "nino"})
    assert again.status_code == 404, "good once"
