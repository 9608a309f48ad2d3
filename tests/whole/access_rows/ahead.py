"""Who may open marks known ahead."""

from tests.whole.access_row import Row

ROWS: tuple[Row, ...] = ()
