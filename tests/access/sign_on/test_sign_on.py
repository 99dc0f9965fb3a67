"""Signing in with a clinic's own provider, against two real ones that run as processes of their own."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from joserfc.jwk import KeySet
from sqlalchemy import select, update

from app.access.accounts.tables import Account, Clinic, SignIn
from app.access.audit.tables import AuditEvent
from app.access.sign_on import provider as provider_module
from app.access.sign_on.provider import Client
from app.access.sign_on.tables import ClinicProvider, Identity, SignOnTry
from app.base.http.wire import JsonObject
from app.base.store.typed import col, table, to
from tests.access.sign_on.conftest import (
    ROLES,
    SECRET,
    Running,
    account_of,
    at_provider,
    begun,
    come_back,
    rows,
    set_provider,
    signed_on,
)
from tests.conftest import Clock
from tests.doors.pages.test_pages import enter, form_token
from tests.support import PASSWORD, Service

pytestmark = pytest.mark.anyio


async def test_nobody_gets_an_account_by_signing_in(with_provider: Service) -> None:
    before = await rows(with_provider, col(Account.id))
    answer = await signed_on(with_provider, "doc")
    assert (answer.status_code, "ask your clinic&#39;s admin for an invitation" in answer.text) == (403, True)
    assert "reprieve_session" not in answer.cookies
    assert sorted(await rows(with_provider, col(Account.id))) == sorted(before)
    assert await rows(with_provider, col(Identity.id)) == await rows(with_provider, col(SignOnTry.id)) == []


async def test_an_invitation_makes_the_account_and_later_nothing_more_is_asked(with_provider: Service) -> None:
    service = with_provider
    code = (await service("root", "POST", "/v1/accounts", json={"role": "scheduler"})).json()["code"]
    page = await service("nobody", "POST", "/clinic/join/provider", data={"code": code})
    link = re.search(r'href="(http://127[^"]*)"', page.text)
    assert link is not None, page.text
    back = await come_back(service, await at_provider(unescape(link[1]), "doc"))
    assert (back.status_code, back.headers["location"]) == (303, "/clinic"), back.text
    made = await account_of(service, "doc of the clinic")
    assert (made["role"], made["sessions"]) == ("scheduler", 1)
    assert (await service("nobody", "GET", "/clinic")).status_code == 200, "the cookie opens the pages"
    again = await signed_on(service, "doc")
    assert (again.status_code, again.headers["location"]) == (303, "/clinic/reviews")
    assert len(await rows(service, col(Identity.id))) == 1
    used = await service("nobody", "POST", "/clinic/join/provider", data={"code": code})
    assert used.status_code == 404


async def test_domains_and_roles_let_in_who_is_vouched_for_as_what_the_clinic_says(
    with_provider: Service, running: Running
) -> None:
    service = with_provider
    mapped = {"role_claim": "groups", "roles": ROLES, "domains": ["clinic.example"]}
    assert (await set_provider(service, running, **mapped)).status_code == 200
    assert (await signed_on(service, "boss")).status_code == 303
    assert (await account_of(service, "boss of the clinic"))["role"] == "admin", "the first that fits"
    for name in ("guest", "unverified"):
        assert (await signed_on(service, name)).status_code == 403, name
    await set_provider(service, running, **{**mapped, "roles": {"doctors": "scheduler"}})
    assert (await signed_on(service, "boss")).status_code == 303
    assert (await account_of(service, "boss of the clinic"))["role"] == "scheduler", "as the clinic says now"
    await set_provider(service, running, **{**mapped, "domains": ["elsewhere.example"]})
    assert (await signed_on(service, "doc")).status_code == 403
    await set_provider(service, running, **{**mapped, "roles": {"nobody": "admin"}})
    refused = await signed_on(service, "boss")
    assert (refused.status_code, "gives you no role" in refused.text) == (403, True)


async def test_who_is_signed_in_connects_their_account_with_the_password(with_provider: Service) -> None:
    service = with_provider
    await enter(service)
    token = await form_token(service, "/clinic/account")
    bare = {"form_token": token}
    wrong = await service("nobody", "POST", "/clinic/account/provider", data={**bare, "password": "wrong"})
    assert wrong.status_code in (403, 422), wrong.text
    page = await service("nobody", "POST", "/clinic/account/provider", data={**bare, "password": PASSWORD})
    link = re.search(r'href="(http://127[^"]*)"', page.text)
    assert link is not None, page.text
    back = await come_back(service, await at_provider(unescape(link[1]), "doc"))
    assert (back.status_code, back.headers["location"]) == (303, "/clinic/account")
    service.client.cookies.clear()
    assert (await signed_on(service, "doc")).status_code == 303
    ((account_id,),) = await rows(service, col(Identity.account_id))
    assert account_id == service.accounts["cleo"][1]
    shown = await service("nobody", "GET", "/clinic/account")
    assert "Your account is connected" in shown.text
    await enter(service, "sam")
    token = await form_token(service, "/clinic/account")
    page = await service("nobody", "POST", "/clinic/account/provider", data={"form_token": token, "password": PASSWORD})
    link = re.search(r'href="(http://127[^"]*)"', page.text)
    assert link is not None
    other = await come_back(service, await at_provider(unescape(link[1]), "doc"))
    assert (other.status_code, "Somebody else" in other.text) == (403, True)
    await enter(service)
    token = await form_token(service, "/clinic/account")
    gone = await service(
        "nobody", "POST", "/clinic/account/provider/remove", data={"form_token": token, "password": PASSWORD}
    )
    assert "not connected any more" in gone.text
    assert (await signed_on(service, "doc")).status_code == 403
    async with service.app.state.database.read() as connection:
        named = (
            select(col(AuditEvent.action)).where(col(AuditEvent.resource) == "identity").order_by(col(AuditEvent.id))
        )
        assert list((await connection.execute(named)).scalars()) == ["create", "delete"]


async def test_what_comes_back_is_good_once_soon_and_in_the_browser_that_began(
    with_provider: Service, clock: Clock
) -> None:
    service = with_provider
    code = (await service("root", "POST", "/v1/accounts", json={"role": "scheduler"})).json()["code"]
    page = await service("nobody", "POST", "/clinic/join/provider", data={"code": code})
    link = re.search(r'href="(http://127[^"]*)"', page.text)
    assert link is not None
    back = await at_provider(unescape(link[1]), "doc")
    cookie = dict(service.client.cookies)
    service.client.cookies.clear()
    stolen = await come_back(service, back)
    assert (stolen.status_code, "another browser" in stolen.text) == (403, True)
    for name, value in cookie.items():
        service.client.cookies.set(name, value)
    assert (await come_back(service, back)).status_code == 303, "whoever has no cookie uses nothing up"
    assert (await come_back(service, back)).status_code == 403, "once"
    sent = await at_provider(await begun(service), "doc")
    await begun(service)  # another browser, with a cookie of its own
    assert (await come_back(service, sent)).status_code == 403, "in the browser that began"
    late = await at_provider(await begun(service), "doc")
    clock.now = clock.now.replace(minute=clock.now.minute + 11)
    assert (await come_back(service, late)).status_code == 403, "soon"
    forged = urlsplit(await at_provider(await begun(service), "doc"))
    query = parse_qs(forged.query)
    for change in ({"state": ["x" * 43]}, {"code": ["x"]}, {"code": [""]}, {"state": [""]}):
        said = {key: value[0] for key, value in {**query, **change}.items()}
        answer = await service("nobody", "GET", forged.path, params=said)
        assert answer.status_code in (403, 503), change
        assert "reprieve_session" not in answer.headers.get("set-cookie", "")
    gave_up = await service("nobody", "GET", forged.path, params={"error": "access_denied", "state": query["state"][0]})
    assert (gave_up.status_code, "not signed in" in gave_up.text) == (403, True)


async def test_a_disabled_account_and_a_providers_second_factor(with_provider: Service) -> None:
    service = with_provider
    code = (await service("root", "POST", "/v1/accounts", json={"role": "clinician"})).json()["code"]
    page = await service("nobody", "POST", "/clinic/join/provider", data={"code": code})
    link = re.search(r'href="(http://127[^"]*)"', page.text)
    assert link is not None
    await come_back(service, await at_provider(unescape(link[1]), "doc"))
    await service("root", "PATCH", "/v1/clinic", json={"second_factor": True})
    await signed_on(service, "doc")
    away = await service("nobody", "GET", "/clinic")
    assert (away.status_code, away.headers["location"]) == (303, "/clinic/account"), "the provider asks for none"
    asks = update(table(ClinicProvider)).ordered_values(to(col(ClinicProvider.second_factor), True))
    await service.app.state.database.write(lambda connection: connection.execute(asks))
    await signed_on(service, "doc")
    assert (await service("nobody", "GET", "/clinic")).status_code == 200
    assert "provider" in {factor for (factor,) in await rows(service, col(SignIn.factor))}
    no_more = update(table(Clinic)).ordered_values(to(col(Clinic.second_factor), False))
    await service.app.state.database.write(lambda connection: connection.execute(no_more))
    mine = await account_of(service, "doc of the clinic")
    await service("root", "PATCH", f"/v1/accounts/{mine['id']}", json={"disabled": True})
    assert (await service("nobody", "GET", "/clinic")).status_code == 303
    refused = await signed_on(service, "doc")
    assert (refused.status_code, "disabled" in refused.text) == (403, True)


async def test_a_token_that_is_not_for_this_sign_in_is_not_believed(
    with_provider: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = with_provider
    back = await at_provider(await begun(service), "doc")
    claims = provider_module._claims
    for wrong in ({"nonce": "another"}, {"client": "another"}):

        def changed(
            client: Client, token: str, *, keys: KeySet, nonce: str, wrong: dict[str, str] = wrong
        ) -> JsonObject:
            client = replace(client, client_id=wrong.get("client", client.client_id))
            return claims(client, token, keys=keys, nonce=wrong.get("nonce", nonce))

        monkeypatch.setattr(provider_module, "_claims", changed)
        answer = await come_back(service, back)
        assert (answer.status_code, "not for this sign-in" in answer.text) == (503, True), answer.text
        back = await at_provider(await begun(service), "doc")


async def connecting(service: Service) -> str:
    """Where cleo is sent who connects her account."""
    await enter(service)
    token = await form_token(service, "/clinic/account")
    page = await service("nobody", "POST", "/clinic/account/provider", data={"form_token": token, "password": PASSWORD})
    link = re.search(r'href="(http://127[^"]*)"', page.text)
    assert link is not None, page.text
    return unescape(link[1])


async def test_an_accounts_own_second_factor_is_asked_for_where_the_provider_asks_for_none(
    with_provider: Service, clock: Clock
) -> None:
    service = with_provider
    assert (await come_back(service, await at_provider(await connecting(service), "doc"))).status_code == 303
    begun_app = (await service("cleo", "POST", "/v1/me/factors/code", json={"password": PASSWORD})).json()
    code = pyotp.TOTP(begun_app["secret"]).at(clock.now)
    done = await service("cleo", "POST", f"/v1/me/factors/{begun_app['id']}/confirm", json={"code": code})
    assert done.status_code == 200, done.text
    service.client.cookies.clear()
    asked = await signed_on(service, "doc")
    assert (asked.status_code, "reprieve_session" in asked.cookies) == (200, False)
    half = re.search(r'name="half" value="([^"]+)"', asked.text)
    assert half is not None and 'name="next" value="/clinic/reviews"' in asked.text, asked.text
    clock.now += timedelta(minutes=1)
    code = pyotp.TOTP(begun_app["secret"]).at(clock.now)
    let_in = await service("nobody", "POST", "/clinic/sign-in/code", data={"half": half[1], "code": code})
    assert (let_in.status_code, "reprieve_session" in let_in.cookies) == (303, True), let_in.text


async def test_a_connection_is_made_in_the_sign_in_that_began_it_and_there_is_one(with_provider: Service) -> None:
    service = with_provider
    back = await at_provider(await connecting(service), "doc")
    away = await service("root", "DELETE", f"/v1/accounts/{service.accounts['cleo'][1]}/sessions")
    assert away.status_code == 204
    assert (await come_back(service, back)).status_code == 403
    assert await rows(service, col(Identity.id)) == []
    for name in ("doc", "boss"):
        assert (await come_back(service, await at_provider(await connecting(service), name))).status_code == 303
    assert [one for (one,) in await rows(service, col(Identity.subject))] == ["boss"]


async def test_what_an_earlier_provider_let_in_ends_with_it(with_provider: Service, running: Running) -> None:
    service = with_provider
    assert (await come_back(service, await at_provider(await connecting(service), "doc"))).status_code == 303
    assert (await service("nobody", "GET", "/clinic")).status_code == 200
    under_way = await at_provider(await begun(service), "doc")
    assert (await set_provider(service, running, client_id="another")).status_code == 200
    assert (await service("nobody", "GET", "/clinic")).status_code == 303
    assert (await come_back(service, under_way)).status_code == 403
    await set_provider(service, running)
    another = f"/clinic/sign-on/{service.accounts['other'][0]}/back"
    back = urlsplit(await at_provider(await begun(service), "doc"))
    mixed_up = await service("nobody", "GET", f"{another}?{back.query}")
    assert mixed_up.status_code == 403, "each clinic has an address of its own"


async def test_going_off_has_a_limit(with_provider: Service) -> None:
    answers = [await with_provider("nobody", "GET", f"/clinic/sign-on/{with_provider.clinic_id}") for _ in range(104)]
    told = [one.status_code for one in answers]
    assert set(told[:95]) == {303} and told[-1] == 429


async def test_the_secret_lies_under_a_key_and_stays_where_it_is_left_out(
    with_provider: Service, running: Running
) -> None:
    service = with_provider
    kept = await set_provider(service, running, client_secret=None)
    assert kept.json()["has_secret"]
    ((secret,),) = await rows(service, col(ClinicProvider.client_secret))
    assert secret == SECRET
    assert (await service("root", "DELETE", "/v1/clinic/provider")).status_code == 204
    assert (await service("root", "GET", "/v1/clinic/provider")).status_code == 404
    gone = await service("nobody", "GET", f"/clinic/sign-on/{service.clinic_id}")
    assert gone.status_code == 404


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"issuer": "https://10.0.0.1"}, "issuer"),
        ({"issuer": "http://login.example.org"}, "issuer"),
        ({"issuer": "https://login.example.org?x=1"}, "issuer"),
        ({"issuer": "https://a:b@login.example.org"}, "issuer"),
        ({"domains": ["clinic.example"]}, "domains"),
        ({"domains": ["a@clinic.example"], "role_claim": "g", "roles": {"x": "admin"}}, "domains"),
        ({"role_claim": "groups"}, "role_claim"),
        ({"role_claim": "g", "roles": {"x": "patient"}}, "roles"),
        ({"role_claim": "g", "roles": {"x": "operator"}}, "roles"),
        ({"issuer": "https://no-such-host.invalid"}, "issuer"),
    ],
)
async def test_a_provider_that_can_not_be_is_refused_at_once(
    service: Service, given: dict[str, object], place: str
) -> None:
    whole = {"issuer": "https://login.example.org", "client_id": "reprieve", **given}
    answer = await service("root", "PUT", "/v1/clinic/provider", json=whole)
    assert (answer.status_code, place in answer.text) == (422, True), answer.text


async def test_an_admin_sets_it_on_the_page(service: Service, running: Running) -> None:
    service.app.state.settings = service.app.state.settings.model_copy(update={"private_targets": True})
    await enter(service, "root")
    token = await form_token(service, "/clinic/accounts")
    form = {
        "form_token": token,
        "issuer": running.issuer,
        "client_id": "reprieve",
        "client_secret": SECRET,
        "role_claim": "groups",
        "roles": "reprieve-admins = admin\ndoctors=clinician",
        "domains": "clinic.example, other.example",
    }
    done = await service("nobody", "POST", "/clinic/accounts/provider", data=form)
    assert done.status_code == 303, done.text
    told = (await service("root", "GET", "/v1/clinic/provider")).json()
    assert (told["roles"], told["domains"]) == (ROLES, ["clinic.example", "other.example"])
    page = (await service("nobody", "GET", "/clinic/accounts")).text
    assert running.issuer in page and SECRET not in page
    service.client.cookies.clear()
    assert f"/clinic/sign-on/{service.clinic_id}" in (await service("nobody", "GET", "/clinic/sign-in")).text
    await enter(service, "root")
    form["form_token"] = await form_token(service, "/clinic/accounts")
    bad = await service("nobody", "POST", "/clinic/accounts/provider", data={**form, "roles": "doctors = surgeon"})
    assert bad.status_code == 422 and 'role="alert"' in bad.text
    gone = await service("nobody", "POST", "/clinic/accounts/provider/remove", data={"form_token": form["form_token"]})
    assert gone.status_code == 303
