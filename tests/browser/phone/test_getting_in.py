"""From the code of an invitation to the first entry; with a passkey; and for somebody else."""

from playwright.sync_api import expect

from tests.browser.phone.clinic import ClinicOfOne, Phone, day
from tests.browser.test_passkeys import AUTHENTICATOR
from tests.support import PASSWORD


def invited(service: ClinicOfOne) -> tuple[str, str]:
    """A new patient, treated last week, and the code that they were handed."""
    new = {"name": "Bea Roth", "born_on": "1955-01-01", "time_zone": "UTC"}
    bea = service("cleo", "POST", "/v1/patients", json=new)["id"]
    done = {"performed_on": str(day(-7)), "region": "cervical", "laterality": "right"}
    service("cleo", "POST", f"/v1/patients/{bea}/procedures", json=done)
    return bea, service("cleo", "POST", f"/v1/patients/{bea}/invitations")["code"]


def agree(phone: Phone) -> None:
    """What is asked, consent, and no reminder."""
    page = phone.page
    expect(page.get_by_role("heading", name="What is asked of you")).to_be_visible()
    expect(page.get_by_text("The people who treat you at Harbour Clinic, and you.")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Do you agree?")).to_be_visible()
    for answer in page.get_by_label("Yes").all():
        answer.check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="No reminder").click()


def agree_and_write(phone: Phone) -> None:
    agree(phone)
    phone.pain(3).click()
    phone.save().says("Saved")


def test_a_code_leads_to_a_first_entry(phone: Phone, service: ClinicOfOne) -> None:
    bea, code = invited(service)
    phone.open(f"#/join/{code}")
    expect(phone.page).to_have_url(f"{service.url}/app/join")  # the code is gone from it, and from the history
    expect(phone.page.get_by_label("Code from your clinic")).to_have_value(code)
    phone.page.get_by_label("A name to sign in with").fill("bea")
    phone.page.get_by_label("A password").fill("short")
    phone.page.get_by_role("button", name="Go on").click()
    expect(phone.page.get_by_role("alert")).not_to_be_empty()
    phone.page.get_by_label("A password").fill(PASSWORD)
    phone.page.get_by_role("button", name="Go on").click()
    agree_and_write(phone)
    (entry,) = service("cleo", "GET", f"/v1/patients/{bea}/diary")["items"]
    assert entry["pain"] == [{"region": "cervical", "side": "right", "average": 3}]
    said = service("cleo", "GET", f"/v1/patients/{bea}/consents")["items"]
    assert [(one["given"], one["recorded_by"]) for one in said] == [(True, "patient")] * 3


def test_a_passkey_in_place_of_a_password(phone: Phone, service: ClinicOfOne) -> None:
    devices = phone.context.new_cdp_session(phone.page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    _, code = invited(service)
    phone.open(f"#/join/{code}")
    phone.page.get_by_label("A name to sign in with").fill("bea")
    phone.page.get_by_role("button", name="Use a passkey of this phone instead").click()
    agree_and_write(phone)
    phone.page.get_by_role("link", name="More").click()
    phone.page.get_by_role("button", name="Sign out").click()
    phone.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(phone.pain(3)).to_have_attribute("aria-pressed", "true")


def test_a_code_that_is_wrong_is_said_so(phone: Phone) -> None:
    phone.open("#/join/nothing")
    phone.page.get_by_label("A name to sign in with").fill("bea")
    phone.page.get_by_label("A password").fill(PASSWORD)
    phone.page.get_by_role("button", name="Go on").click()
    expect(phone.page.get_by_role("alert")).to_have_text("This code is wrong, too old, or was used already.")


def test_a_wrong_password_is_said_so_and_the_staff_are_sent_to_their_pages(phone: Phone) -> None:
    phone.open()
    for username, password, says in (
        ("ada", "wrong", "The name or the password is not right."),
        ("cleo", PASSWORD, "This app is for patients. Your pages are at /clinic."),
    ):
        phone.page.get_by_label("Username").fill(username)
        phone.page.get_by_label("Password").fill(password)
        phone.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(phone.page.get_by_role("alert")).to_have_text(says)


def test_a_daughter_writes_for_her_mother_and_is_marked(phone: Phone, service: ClinicOfOne) -> None:
    let = {"name": "Lena, daughter", "may_write": True}
    code = service("ada", "POST", f"/v1/patients/{service.patient_id}/proxies", json=let)["code"]
    phone.open(f"#/join/{code}")
    phone.page.get_by_label("A name to sign in with").fill("lena")
    phone.page.get_by_label("A password").fill(PASSWORD)
    phone.page.get_by_role("button", name="Go on").click()
    expect(phone.page.get_by_role("heading", name="What is asked of you")).to_be_visible()
    phone.page.get_by_role("button", name="Go on").click()
    phone.pain(5).click()
    phone.save().says("Saved")
    path = f"/v1/patients/{service.patient_id}/diary/{day()}/revisions"
    assert [one["by_proxy"] for one in service("ada", "GET", path)["items"]] == [True]


def test_what_is_not_agreed_to_yet_is_asked_after_the_first_save(phone: Phone, service: ClinicOfOne) -> None:
    _, code = invited(service)
    account = {"username": "bea", "password": PASSWORD}
    service.client.post(f"{service.url}/v1/invitations/{code}/accept", json=account).raise_for_status()
    phone.sign_in("bea")
    phone.pain(2).click()
    phone.save()
    expect(phone.page.get_by_role("heading", name="Do you agree?")).to_be_visible()
    phone.page.get_by_role("button", name="Later").click()
    expect(phone.pain(2)).to_have_attribute("aria-pressed", "true")
