"""What OPA is asked and how its answer is read. Advice, never authority (DESIGN section 7)."""

from gantral.policy.bundles import policy_version_id
from gantral.policy.opa import Answer, Opa, PolicyFailure, ask, revision
from gantral.policy.questions import Question, question
from gantral.policy.shapes import ShapeError

__all__ = [
    "Answer",
    "Opa",
    "PolicyFailure",
    "Question",
    "ShapeError",
    "ask",
    "policy_version_id",
    "question",
    "revision",
]
