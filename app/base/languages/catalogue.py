"""The catalogues: one `.po` file a language, read as it is; what has no translation is said in English."""

from functools import cache
from importlib.resources import files
from io import BytesIO

from babel.messages.pofile import read_po

SOURCE = "en"
CatalogueText = str | tuple[str, str]  # with a plural: of one, and of many


@cache
def catalogue(language: str) -> dict[str, CatalogueText]:
    """Every message of a language by its English text (of one, where it has a plural); English itself has none."""
    file = files(__package__) / f"{language}.po"
    if language == SOURCE or not file.is_file():
        return {}
    found: dict[str, CatalogueText] = {}
    for message in read_po(BytesIO(file.read_bytes()), locale=language):
        if message.id and message.string and not message.fuzzy:
            if isinstance(message.id, list | tuple):
                found[message.id[0]] = (message.string[0], message.string[1])
            else:
                found[message.id] = str(message.string)
    return found


def say(text: str, language: str, **values: object) -> str:
    """A text in a language, its `{places}` filled in."""
    found = catalogue(language).get(text, text)
    return (found if isinstance(found, str) else found[0]).format(**values)
