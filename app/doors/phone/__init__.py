"""The patient's phone: an app of plain modules that works without a signal, served by the same process."""
