"""A clinic to try: patients in every phase, made from scratch."""
