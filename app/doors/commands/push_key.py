"""The call `reprieve push-key`."""

import base64

from cryptography.hazmat.primitives.asymmetric import ec

from app.doors.commands.common import new_call

app = new_call()


@app.command("push-key")
def push_key() -> None:
    """Prints a fresh key for REPRIEVE_PUSH_KEY."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    print(base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode())
