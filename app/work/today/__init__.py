"""The one call of a phone: a patient's day, and all that is asked of them."""
