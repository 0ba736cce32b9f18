from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument
from carrel.ingest.data.calendar_events import CalendarReader
from samples.documents import write_text

EVENT = r"""BEGIN:VCALENDAR
VERSION:2.0
X-WR-CALNAME:Team
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
DTSTART:19700329T020000
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:1@example.org
DTSTART;TZID=Europe/Berlin:20260302T093000
DTEND:20260302T090000Z
RRULE:FREQ=WEEKLY;BYDAY=MO
SUMMARY:Review\, first part
LOCATION:Hall 1\; ground
  floor
ORGANIZER;CN="Ada: Lovelace":mailto:ada@example.org
ATTENDEE;PARTSTAT=ACCEPTED;CN=Bob:MAILTO:bob@example.org
ATTENDEE:mailto:eve@example.org
DESCRIPTION:First line\nSecond: line \\ end
ATTACH;ENCODING=BASE64;VALUE=BINARY:QUJD
BEGIN:VALARM
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
BEGIN:VTODO
SUMMARY:Pay
DUE;VALUE=DATE:20260401
END:VTODO
END:VCALENDAR
"""


def read(tmp_path: Path, text: str) -> list[Section]:
    return list(CalendarReader().read(write_text(tmp_path / "a.ics", text)))


def test_each_entry_is_a_line_and_the_name_of_the_calendar_the_heading(tmp_path: Path) -> None:
    expected = (
        "Event: Review, first part; Start: 2026-03-02 09:30 Europe/Berlin; "
        "End: 2026-03-02 09:00 UTC; Repeats: FREQ=WEEKLY BYDAY=MO; Location: Hall 1; ground floor; "
        "Organizer: Ada: Lovelace <ada@example.org>; "
        "Attendees: Bob <bob@example.org>, eve@example.org; "
        "Description: First line Second: line \\ end\n"
        "Task: Pay; Due: 2026-04-01"
    )
    expected = expected.replace("WEEKLY BYDAY", "WEEKLY;BYDAY")
    assert read(tmp_path, EVENT) == [Section(expected, heading="Team")]
    assert read(tmp_path, EVENT.replace("\n", "\r\n")) == [Section(expected, heading="Team")]


def test_an_entry_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    cut = EVENT[: EVENT.index("LOCATION")]
    assert [each.text for each in read(tmp_path, cut)] == [
        "Event: Review, first part; Start: 2026-03-02 09:30 Europe/Berlin; "
        "End: 2026-03-02 09:00 UTC; Repeats: FREQ=WEEKLY;BYDAY=MO"
    ]


def test_what_is_no_calendar_or_has_no_entries_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="it is no calendar"):
        read(tmp_path, "Subject: a mail\n\ntext\n")
    with pytest.raises(EmptyDocument):
        read(tmp_path, "BEGIN:VCALENDAR\nEND:VCALENDAR\n")
