"""Entry points: the API, the clinic's pages, the command line, the demo."""
