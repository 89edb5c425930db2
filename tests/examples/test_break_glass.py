"""The break_glass example's own parts: its clinic, and the services on it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from chart_app.clinic import Clinic, ClinicError
from chart_app.services import Charts, Privacy
from gantral.runtime import ActionFailed, CallContext, Person

NIGHT = datetime(2026, 11, 26, 3, 4, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return Clinic(tmp_path / "clinic.sqlite")


def test_a_repeated_call_opens_one_session(clinic: Clinic) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = set(pool.map(lambda _: clinic.open("key-1", "4712", "mira", HOUR), range(8)))
    assert opened == {"S-1"}
    with pytest.raises(ClinicError, match="no patient 1"):
        clinic.open("key-2", "1", "mira", HOUR)


def test_a_chart_is_open_to_one_reader_for_its_time(clinic: Clinic) -> None:
    session = clinic.open("key-1", "4712", "mira", HOUR, NIGHT)
    assert clinic.look(session, "mira", "medication", NIGHT + HOUR) == "warfarin 5 mg"
    for reader, at in (("hugo", NIGHT), ("mira", NIGHT + HOUR + timedelta(seconds=1))):
        with pytest.raises(ClinicError, match=f"not open to {reader}"):
            clinic.look(session, reader, "medication", at)
    clinic.close(session)
    clinic.close(session)
    with pytest.raises(ClinicError, match="not open to mira"):
        clinic.look(session, "mira", "medication", NIGHT)
    assert clinic.looks(session) == [(NIGHT + HOUR, "medication")]


def test_the_services_say_it_as_the_spec_does(
    clinic: Clinic, call: Callable[[str], CallContext]
) -> None:
    charts, privacy = Charts(clinic), Privacy(clinic)
    session = charts.open(call("a"), patient="4712", reader=Person("mira"), time=HOUR).session
    privacy.open_case(call("b"), session=session, patient="4712")
    clinic.look(session, "mira", "medication")
    charts.close(call("c"), session=session)
    assert [look.part for look in charts.looks(call("d"), session=session).looks] == ["medication"]
    assert clinic.cases() == {session: "open"}
    privacy.close_case(call("e"), session=session)
    assert clinic.cases() == {session: "closed"}
    with pytest.raises(ActionFailed, match="no session S-9") as refused:
        charts.close(call("f"), session="S-9")
    assert refused.value.happened == "no"
