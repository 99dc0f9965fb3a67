"""A patient who goes on in another clinic: the record is handed over, with their consent."""
