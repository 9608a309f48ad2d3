"""Who may open the lists of unexplained marks and of doubts."""

from tests.whole.access_row import Row

ROWS: tuple[Row, ...] = ()
