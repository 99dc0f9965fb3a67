"""How people and machines come in: the API, the pages, the command, the demo."""
