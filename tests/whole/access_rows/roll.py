"""Who may open the pages of joining, leaving and moving."""

from tests.whole.access_row import Row

ROWS: tuple[Row, ...] = ()
