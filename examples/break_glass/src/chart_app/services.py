"""The services that break_glass.gantral names, on the clinic. Gantral asks who may."""

from __future__ import annotations

from datetime import timedelta

from gantral.runtime import ActionFailed, CallContext, Person, Service

from chart_app.clinic import Clinic, ClinicError
from chart_app.gen.break_glass import services as spec
from chart_app.gen.break_glass.types import ChartsLooksResult, ChartsOpenResult, Look


class Charts(spec.Charts):
    """Opens charts, closes them, and tells who looked."""

    def __init__(self, clinic: Clinic) -> None:
        self._clinic = clinic

    def open(
        self, call: CallContext, /, *, patient: str, reader: Person, time: timedelta
    ) -> ChartsOpenResult:
        try:
            session = self._clinic.open(call.key, patient, reader, time)
        except ClinicError as error:
            # Refused before anything was opened: known not to have happened.
            raise ActionFailed(str(error), "no") from None
        return ChartsOpenResult(session=session)

    def close(self, call: CallContext, /, *, session: str) -> None:
        try:
            self._clinic.close(session)
        except ClinicError as error:
            raise ActionFailed(str(error), "no") from None

    def looks(self, call: CallContext, /, *, session: str) -> ChartsLooksResult:
        try:
            looks = self._clinic.looks(session)
        except ClinicError as error:
            raise ActionFailed(str(error), "no") from None
        return ChartsLooksResult(looks=tuple(Look(at=at, part=part) for at, part in looks))


class Privacy(spec.Privacy):
    """Opens cases of privacy, and closes what was found right."""

    def __init__(self, clinic: Clinic) -> None:
        self._clinic = clinic

    def open_case(self, call: CallContext, /, *, session: str, patient: str) -> None:
        self._clinic.open_case(session, patient)

    def close_case(self, call: CallContext, /, *, session: str) -> None:
        self._clinic.close_case(session)


def make() -> list[Service]:
    """What ``gantral worker`` asks for (``[worker] services`` in gantral.toml)."""
    clinic = Clinic.at_home()
    return [Charts(clinic), Privacy(clinic)]
