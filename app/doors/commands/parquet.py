"""Tables as Parquet, which researchers' tools read; by DuckDB, which is installed with `reprieve[research]`."""

import csv
import os
from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from types import NoneType
from typing import Any, get_args, get_type_hints
from uuid import UUID

from pydantic import BaseModel

from app.doors.commands.common import Refusal

TYPES = {UUID: "UUID", date: "DATE", bool: "BOOLEAN", int: "INTEGER", float: "DOUBLE", str: "VARCHAR"}
MAGIC = b"PAR1"  # with which a Parquet file begins
NULL = "\\N"  # so that an empty text is not taken for none


def columns_of(model: type[BaseModel], without: Sequence[str] = ()) -> dict[str, str]:
    """The names of a model's fields with their types in the file; words are text."""
    hints = get_type_hints(model)
    return {name: _type(hints[name]) for name in model.model_fields if name not in without}


def _type(hint: Any) -> str:  # a class, or a union of one with None, or of words
    kinds = {one if isinstance(one, type) else str for one in get_args(hint) or (hint,)} - {NoneType}
    (kind,) = kinds
    return TYPES[kind]


def refuse_other(path: Path) -> None:
    """Refuses a name that something else has: a database, its keys, a device.

    Raises:
        Refusal: it has.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise Refusal(f"{path}: is no file of its own")
    try:
        with path.open("rb") as there:
            if there.read(len(MAGIC)) != MAGIC:
                raise Refusal(f"{path}: is there already, and no Parquet file")
    except FileNotFoundError:
        return
    except OSError as error:
        raise Refusal(f"{path}: {error.strerror}") from None


async def write_parquet(path: Path, columns: dict[str, str], rows: AsyncIterator[tuple[object, ...]]) -> int:
    """Writes rows as they come, a value a column, then puts the file in its place whole; returns how many there were.

    Nobody else may read the file, for it tells of patients. It takes the place of an older one of its kind, and of nothing
    else.

    Raises:
        Refusal: DuckDB is not installed, the file can't be written, or something else has its name.
    """
    refuse_other(path)
    try:
        import duckdb
    except ImportError:
        raise Refusal("Parquet needs the package: pip install 'reprieve[research]'") from None
    try:
        with TemporaryDirectory(dir=path.parent, prefix=".rows-") as folder:
            sheet, made, many = Path(folder) / "rows.csv", Path(folder) / "rows.parquet", 0
            sheet.touch(0o600)
            with sheet.open("w", encoding="utf-8", newline="") as file:
                lines = csv.writer(file, quoting=csv.QUOTE_ALL)
                async for one in rows:
                    lines.writerow(NULL if value is None else value for value in one)
                    many += 1
            with duckdb.connect() as connection:
                # with no row there is nothing to take columns from: they are made first
                connection.execute(f"CREATE TABLE made ({', '.join(f'{name} {of}' for name, of in columns.items())})")
                if many:
                    connection.execute("COPY made FROM ? (HEADER false, NULLSTR ?)", [str(sheet), NULL])
                connection.execute("COPY made TO ? (FORMAT parquet, COMPRESSION zstd)", [str(made)])
            made.chmod(0o600)
            os.replace(made, path)
    except OSError as error:
        raise Refusal(f"{path}: {error.strerror}") from None
    return many
