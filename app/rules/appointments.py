"""The states of an appointment, and which step is allowed from which state. Pure."""

from typing import Literal

AppointmentState = Literal["booked", "confirmed", "arrived", "done", "no_show", "cancelled"]
AppointmentStep = Literal["confirm", "arrive", "finish", "miss", "undo", "cancel"]
STANDS: tuple[AppointmentState, ...] = ("booked", "confirmed")  # still to come, as far as anybody has said
SPOKEN: dict[AppointmentState, str] = {
    "booked": "booked",
    "confirmed": "confirmed",
    "arrived": "under way",
    "done": "over",
    "no_show": "missed",
    "cancelled": "cancelled",
}
WAY: dict[tuple[AppointmentState, AppointmentStep], AppointmentState] = {
    ("booked", "confirm"): "confirmed",
    ("confirmed", "confirm"): "confirmed",
    **{(state, "arrive"): "arrived" for state in (*STANDS, "arrived", "no_show")},  # who was missed may still come
    **{(state, "finish"): "done" for state in (*STANDS, "arrived", "done")},
    **{(state, "miss"): "no_show" for state in (*STANDS, "no_show")},
    **{(state, "undo"): "booked" for state in ("arrived", "done", "no_show")},  # said of the wrong one, or too early
    **{(state, "cancel"): "cancelled" for state in (*STANDS, "cancelled")},
}


def after(state: AppointmentState, step: AppointmentStep) -> AppointmentState | None:
    """The state that a step leads to; None where it is not allowed."""
    return WAY.get((state, step))
