"""Who may open the late book and its neighbours."""

from tests.whole.access_row import Row

ROWS: tuple[Row, ...] = ()
