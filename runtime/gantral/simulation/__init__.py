"""Gantral in memory and in virtual time. `README.md` says what flows in and out."""

from gantral.simulation.deployment import AUDIENCE, ISSUER, REVISION, Answer, Deployment
from gantral.simulation.judged import judged
from gantral.simulation.run import WrongCode
from gantral.simulation.simulation import (
    BEGINS,
    Asked,
    Call,
    Question,
    Refusal,
    Simulation,
)
from gantral.simulation.stage import Stage
from gantral.simulation.watching import LEAVES, Seen, Watch

__all__ = [
    "AUDIENCE",
    "BEGINS",
    "ISSUER",
    "LEAVES",
    "REVISION",
    "Answer",
    "Asked",
    "Call",
    "Deployment",
    "Question",
    "Refusal",
    "Seen",
    "Simulation",
    "Stage",
    "Watch",
    "WrongCode",
    "judged",
]
