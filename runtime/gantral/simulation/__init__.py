"""Gantral in memory and in virtual time. `README.md` says what flows in and out."""

from gantral.simulation.deployment import AUDIENCE, ISSUER, REVISION, Answer, Deployment
from gantral.simulation.run import WrongCode
from gantral.simulation.simulation import (
    BEGINS,
    Asked,
    Call,
    Question,
    Refusal,
    Simulation,
)

__all__ = [
    "AUDIENCE",
    "BEGINS",
    "ISSUER",
    "REVISION",
    "Answer",
    "Asked",
    "Call",
    "Deployment",
    "Question",
    "Refusal",
    "Simulation",
    "WrongCode",
]
