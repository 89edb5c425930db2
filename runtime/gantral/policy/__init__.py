"""What OPA is asked and how its answer is read. Advice, never authority (DESIGN section 7)."""

from gantral.policy.opa import Answer, Opa, PolicyFailure, ask, revision
from gantral.policy.question import Question, question
from gantral.policy.revision import policy_version_id
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
