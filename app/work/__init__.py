"""What the clinic does with verdicts: appointments, reviews, settings, quality figures, and the worker."""
