"""Who may open a school's calendar and day."""

from tests.whole.access_row import Row

ROWS: tuple[Row, ...] = ()
