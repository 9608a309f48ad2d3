"""Who may open the admission register."""

from tests.whole.access_row import Row

ROWS: tuple[Row, ...] = ()
