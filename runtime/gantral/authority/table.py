"""The one authority table: nine states, ten edges (requirement section 4, DESIGN section 5)."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """One of the nine authority states."""

    CREATED = "CREATED"
    RUNNING = "RUNNING"
    WAITING_FOR_HUMAN = "WAITING_FOR_HUMAN"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    OVERRIDDEN = "OVERRIDDEN"
    RESUMED = "RESUMED"
    COMPLETED = "COMPLETED"
    TERMINATED = "TERMINATED"


TRANSITIONS: frozenset[tuple[State, State]] = frozenset(
    {
        (State.CREATED, State.RUNNING),
        (State.RUNNING, State.WAITING_FOR_HUMAN),
        (State.WAITING_FOR_HUMAN, State.APPROVED),
        (State.WAITING_FOR_HUMAN, State.REJECTED),
        (State.WAITING_FOR_HUMAN, State.OVERRIDDEN),
        (State.APPROVED, State.RESUMED),
        (State.OVERRIDDEN, State.RESUMED),
        (State.RESUMED, State.RUNNING),
        (State.RUNNING, State.COMPLETED),
        (State.RUNNING, State.TERMINATED),
    }
)

ENDS: frozenset[State] = frozenset({State.REJECTED, State.COMPLETED, State.TERMINATED})

# What one commit may hold (FORMAT section 3). The empty group holds records only, while RUNNING.
GROUPS: frozenset[tuple[State, ...]] = frozenset(
    {
        (),
        (State.CREATED, State.RUNNING),
        (State.WAITING_FOR_HUMAN,),
        (State.APPROVED, State.RESUMED, State.RUNNING),
        (State.OVERRIDDEN, State.RESUMED, State.RUNNING),
        (State.REJECTED,),
        (State.COMPLETED,),
        (State.TERMINATED,),
    }
)


class Cause(StrEnum):
    """Why a state was reached (FORMAT section 2, member ``cause``)."""

    NONE = "none"
    COMPLETED = "completed"
    APPROVED = "approved"
    AMENDED = "amended"
    REJECTED = "rejected"
    VETO = "veto"
    DEADLINE = "deadline"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    NO_ELIGIBLE = "no_eligible"
    POLICY_DENY = "policy_deny"
    POLICY_FAILURE = "policy_failure"
    CONTEXT_MISMATCH = "context_mismatch"
    AUTHORITY_AMBIGUOUS = "authority_ambiguous"
    ACTION_FAILED = "action_failed"
    EFFECT_UNKNOWN = "effect_unknown"
    LAPSED = "lapsed"
    SPENT = "spent"
    DRIFTED = "drifted"
    TERMINATED_BY_SPEC = "terminated_by_spec"
    EXECUTION_LOST = "execution_lost"


# The causes each state may carry. A state that is not named carries ``none``.
CAUSES: dict[State, frozenset[Cause]] = {
    State.APPROVED: frozenset({Cause.APPROVED}),
    State.OVERRIDDEN: frozenset({Cause.AMENDED}),
    State.COMPLETED: frozenset({Cause.COMPLETED}),
    State.REJECTED: frozenset(
        {
            Cause.REJECTED,
            Cause.VETO,
            Cause.DEADLINE,
            Cause.WITHDRAWN,
            Cause.CANCELLED,
            Cause.NO_ELIGIBLE,
            Cause.POLICY_DENY,
            Cause.POLICY_FAILURE,
            Cause.CONTEXT_MISMATCH,
            Cause.AUTHORITY_AMBIGUOUS,
            Cause.EXECUTION_LOST,
        }
    ),
    State.TERMINATED: frozenset(
        {
            Cause.CANCELLED,
            Cause.POLICY_DENY,
            Cause.POLICY_FAILURE,
            Cause.CONTEXT_MISMATCH,
            Cause.AUTHORITY_AMBIGUOUS,
            Cause.ACTION_FAILED,
            Cause.EFFECT_UNKNOWN,
            Cause.LAPSED,
            Cause.SPENT,
            Cause.DRIFTED,
            Cause.TERMINATED_BY_SPEC,
            Cause.EXECUTION_LOST,
        }
    ),
}


class IllegalTransition(Exception):  # noqa: N818 - the requirement's word is "transition"
    """A move that the table does not hold. It ends the execution; nothing may catch and go on."""

    def __init__(self, source: State | None, target: State) -> None:
        self.source = source
        self.target = target
        super().__init__(f"no transition {source or 'nothing'} -> {target} in the authority table")


def advance(source: State | None, target: State) -> State:
    """Return ``target`` if the table lets an instance go there from ``source``.

    ``source`` is ``None`` before the first state, which can only be CREATED.

    Raises:
        IllegalTransition: for every move outside the ten edges (requirement section 4).
    """
    if source is None:
        if target is State.CREATED:
            return target
    elif (source, target) in TRANSITIONS:
        return target
    raise IllegalTransition(source, target)
