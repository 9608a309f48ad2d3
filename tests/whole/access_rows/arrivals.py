"""Who may open the late book and its neighbours."""

from tests.whole.access_row import RECORD_KEEPERS, SCHOOL_STAFF, Row, of_school

ON = {"on": "on"}
ARRIVAL = {"arrival_id": "arrival_id"}
DEPARTURE = {"departure_id": "departure_id"}
GATE = {"gate_id": "gate_id"}
COLLECTOR = {"collector_id": "collector_id"}
PUPIL = {"pupil_id": "pupil_id"}
SHEET = {"on": "on", "half": "half", "class_id": "class_id"}

# A post without a word in it is refused on the page (422), or sent back with a message.
ROWS: tuple[Row, ...] = (
    of_school("registers:arrivals", RECORD_KEEPERS),
    of_school("registers:arrivals", RECORD_KEEPERS, method="post", status=422),
    of_school("registers:arrivals_on", RECORD_KEEPERS, parts=ON),
    of_school("registers:arrivals_on", RECORD_KEEPERS, parts=ON, method="post", status=422),
    of_school("registers:arrival", RECORD_KEEPERS, "arrival_id", parts=ARRIVAL),
    of_school("registers:arrival", RECORD_KEEPERS, "arrival_id", parts=ARRIVAL, method="post", status=422),
    of_school(
        "registers:arrival_withdrawal",
        RECORD_KEEPERS,
        "arrival_id",
        parts=ARRIVAL,
        method="post",
        status=422,
    ),
    of_school("registers:late_gate", RECORD_KEEPERS),
    of_school("registers:late_gate", RECORD_KEEPERS, method="post", status=422),
    of_school("registers:gate_check", RECORD_KEEPERS, "gate_id", parts=GATE),
    of_school("registers:gate_check", RECORD_KEEPERS, "gate_id", parts=GATE, method="post", status=422),
    of_school("registers:late_book", RECORD_KEEPERS),
    of_school("registers:departures", RECORD_KEEPERS),
    of_school("registers:departures", RECORD_KEEPERS, method="post", status=422),
    of_school("registers:departures_on", RECORD_KEEPERS, parts=ON),
    of_school("registers:departures_on", RECORD_KEEPERS, parts=ON, method="post", status=422),
    of_school("registers:departure_new", RECORD_KEEPERS, "pupil_id", parts=PUPIL),
    of_school("registers:departure_new", RECORD_KEEPERS, "pupil_id", parts=PUPIL, method="post", status=422),
    of_school("registers:departure", RECORD_KEEPERS, "departure_id", parts=DEPARTURE),
    of_school(
        "registers:departure", RECORD_KEEPERS, "departure_id", parts=DEPARTURE, method="post", status=422
    ),
    of_school(
        "registers:departure_withdrawal",
        RECORD_KEEPERS,
        "departure_id",
        parts=DEPARTURE,
        method="post",
        status=422,
    ),
    of_school(
        "registers:departure_return",
        RECORD_KEEPERS,
        "departure_id",
        parts=DEPARTURE,
        method="post",
        status=302,
    ),
    of_school(
        "registers:departure_afternoon",
        RECORD_KEEPERS,
        "departure_id",
        parts=DEPARTURE,
        method="post",
        status=302,
    ),
    of_school("registers:collectors_list", RECORD_KEEPERS),
    of_school("registers:collectors", RECORD_KEEPERS, "pupil_id", parts=PUPIL),
    of_school("registers:collectors", RECORD_KEEPERS, "pupil_id", parts=PUPIL, method="post", status=422),
    of_school("registers:collector", RECORD_KEEPERS, "collector_id", parts=COLLECTOR),
    of_school(
        "registers:collector", RECORD_KEEPERS, "collector_id", parts=COLLECTOR, method="post", status=422
    ),
    of_school(
        "registers:collector_letter",
        RECORD_KEEPERS,
        "collector_id",
        parts=COLLECTOR,
        method="post",
        status=302,
    ),
    of_school(
        "registers:collector_end", RECORD_KEEPERS, "collector_id", parts=COLLECTOR, method="post", status=302
    ),
    of_school("registers:sheets", SCHOOL_STAFF),
    of_school("registers:sheets_on", SCHOOL_STAFF, parts=ON),
    of_school("registers:paper_day", RECORD_KEEPERS, parts=ON),
    of_school("registers:paper", RECORD_KEEPERS, "class_id", parts=SHEET),
    of_school("registers:paper", RECORD_KEEPERS, "class_id", parts=SHEET, method="post", status=422),
)
