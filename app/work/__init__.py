"""What is done about it: appointments, reviews, the clinic's settings and figures, and the worker."""
