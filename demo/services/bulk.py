"""Many rows into one table at once."""

from collections.abc import Iterable, Sequence

from django.db import connection


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """
    Write rows with one COPY and return how many; defaults and checks of the table apply, Django's do not.

    :raises django.db.Error: the database refuses a row
    """
    written = 0
    listed = ", ".join(f'"{column}"' for column in columns)
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f'COPY "{table}" ({listed}) FROM STDIN') as copy,
    ):
        for row in rows:
            copy.write_row(row)
            written += 1
    return written
