"""Who may open imports, exports and retention."""

from tests.whole.access_row import Row

ROWS: tuple[Row, ...] = ()
