"""From a scenario file's text to a scenario, held against the program it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from gantral.authority import Cause, State
from gantral.cli.scenarios.fields import Fields, duration, mapping, sequence, text, word
from gantral.cli.scenarios.model import (
    Answer,
    Cancel,
    Decision,
    Expected,
    Scenario,
    Sending,
    Start,
)
from gantral.cli.scenarios.nodes import Node, WrongScenario, read_yaml
from gantral.cli.scenarios.people import People

VOTES = ("approve", "amend", "reject", "retract", "withdraw")
POLICY_WORDS = ("ALLOW", "REQUIRE_HUMAN", "DENY", "FAILURE")

# What the rules of a refused vote are called here: the recount's own names (FORMAT section 5).
REFUSALS = frozenset(
    "amendment assurance deadline decided excluded initiator instance_ended login not_waiting"
    " reason repeated role shown supersedes token_replayed".split()
)
EVENT_REFUSALS = frozenset("event_late event_not_awaited event_refused event_sender".split())
START_REFUSALS = frozenset("input_refused start_not_allowed".split())


def workflow_of(source: str) -> tuple[Node, str | None]:
    """The document, and the workflow that it names, or None.

    Raises:
        WrongScenario.
    """
    node = read_yaml(source)
    named = mapping(node, "a scenario", "with about, start and expect").get("workflow")
    return node, None if named is None else text(named)


def read_scenario(file: str, node: Node, manifest: Mapping[str, Any], people: People) -> Scenario:
    """Read a scenario of the program with this manifest.

    Raises:
        WrongScenario: at the first thing that is wrong.
    """
    fields = Fields(
        node,
        "a scenario",
        ("about", "start", "expect"),
        ("workflow", "given", "policy", "decisions"),
    )
    reader = _Reader(manifest, people)
    return Scenario(
        file=file,
        workflow=manifest["workflow_id"],
        about=" ".join(text(fields["about"]).split()),
        start=reader.start(fields["start"]),
        given=reader.given(fields.get("given")),
        policy=reader.policy(fields.get("policy")),
        decisions=tuple(reader.act(one) for one in sequence(fields.get("decisions"), "decisions")),
        expected=reader.expected(fields["expect"]),
    )


class _Reader:
    def __init__(self, manifest: Mapping[str, Any], people: People) -> None:
        self._manifest = manifest
        self._operations: Mapping[str, Any] = manifest["operations"]
        self._gates: Mapping[str, Any] = manifest["gates"]
        self._people = people

    def start(self, node: Node) -> Start:
        fields = Fields(node, "start", ("by", "input"), ("refused",))
        refused = fields.get("refused")
        # A start that must be refused may have any input. The API brings it to its form, once.
        if refused is None:
            entered(fields["input"], self._manifest["input"])
        rule = "" if refused is None else word(refused, START_REFUSALS, "rule that refuses a start")
        return Start(self._people.read(fields["by"]), fields["input"].plain(), rule)

    def given(self, node: Node | None) -> dict[str, tuple[Answer, ...]]:
        if node is None:
            return {}
        found: dict[str, tuple[Answer, ...]] = {}
        for name, answers in mapping(node, "given", "with the operations").items():
            self._operation(name, node)
            found[name] = tuple(
                self._answer(one, self._operations[name]["result"])
                for one in sequence(answers, f"given.{name}")
            )
        return found

    def _answer(self, node: Node, shape: Any) -> Answer:
        fields = Fields(node, "an answer", (), ("result", "failure", "reason"))
        failure, result = fields.get("failure"), fields.get("result")
        none = failure is None and result is None
        both = failure is not None and result is not None
        if both or (none and shape[0] != "optional" and shape != "none"):
            raise WrongScenario(
                node.place,
                "value",
                "an answer is a result or a failure, one of the two",
                "write result: {…}, or failure: not_done (or unknown) with a reason",
            )
        if failure is None:
            if result is not None and shape == "none":
                raise WrongScenario(
                    result.place,
                    "value",
                    "this operation has no result",
                    "write {} as the whole answer, without `result`",
                )
            return Answer(None if result is None else entered(result, shape), "", "")
        reason = fields.get("reason")
        kind = word(failure, ("not_done", "unknown"), "failure")
        why = "the scenario says so" if reason is None else text(reason)
        return Answer(None, cast(Any, kind), why)

    def policy(self, node: Node | None) -> dict[str, tuple[str, ...]]:
        if node is None:
            return {}
        found = {}
        for name, answers in mapping(node, "policy", "with the gates").items():
            gate = self._gate(name, node)
            if gate["waived"] == gate["guarded"] == "none":
                raise WrongScenario(
                    node.keys[name],
                    "value",
                    f"gate {name} asks no policy",
                    "leave it out, or name the gate that does",
                )
            listed = answers.value if isinstance(answers.value, list) else [answers]
            found[name] = tuple(word(one, POLICY_WORDS, "answer of a policy") for one in listed)
        return found

    def act(self, node: Node) -> Decision | Sending | Cancel:
        """A decision, an event that is sent, or a request to cancel."""
        keys = node.value if isinstance(node.value, dict) else {}
        if "cancel" in keys:
            return self.cancel(node)
        return self.sending(node) if "send" in keys else self.decision(node)

    def cancel(self, node: Node) -> Cancel:
        fields = Fields(node, "a cancel", ("cancel",), ("at", "gate", "during", "before"))
        at, gate = fields.get("at"), fields.get("gate")
        during, before = fields.get("during"), fields.get("before")
        given = [one for one in (at, during, before) if one is not None]
        if len(given) != 1 or (gate is not None and at is None):
            raise WrongScenario(
                node.place,
                "value",
                "a cancel says when in one way: at, during or before",
                "write at: 20m (since a gate or a wait opened, gate: which), during: an operation,"
                " or before: a gate",
            )
        known = (self._manifest["workflow_id"], *self._manifest["workflows"])
        return Cancel(
            place=node.place,
            workflow=word(fields["cancel"], known, "workflow that runs here"),
            at=None if at is None else duration(at),
            gate="" if gate is None else word(gate, self._gates, "gate"),
            during="" if during is None else word(during, self._operations, "operation"),
            before="" if before is None else word(before, self._gates, "gate"),
        )

    def sending(self, node: Node) -> Sending:
        fields = Fields(node, "an event", ("at", "by", "send"), ("data", "refused"))
        events = self._manifest.get("events", {})
        name = word(fields["send"], events, "event")
        data, refused = fields.get("data"), fields.get("refused")
        rule = (
            "" if refused is None else word(refused, EVENT_REFUSALS, "rule that refuses an event")
        )
        value: Any = {} if data is None else data.plain()
        if rule != "event_refused":
            empty = Node(node.place, {}, {})
            value = entered(empty if data is None else data, events[name]["data"])
        return Sending(
            node.place, name, duration(fields["at"]), self._people.read(fields["by"]), value, rule
        )

    def decision(self, node: Node) -> Decision:
        fields = Fields(
            node, "a decision", ("at", "by", "vote"), ("gate", "values", "reason", "refused")
        )
        vote = word(fields["vote"], VOTES, "vote")
        gate, reason, refused = fields.get("gate"), fields.get("reason"), fields.get("refused")
        values = fields.get("values")
        if (values is not None) != (vote == "amend"):
            raise WrongScenario(
                node.place,
                "value",
                "values go with amend, and with nothing else",
                "write vote: amend and values: {field: value}",
            )
        return Decision(
            place=node.place,
            gate="" if gate is None else word(gate, self._gates, "gate"),
            at=duration(fields["at"]),
            by=self._people.read(fields["by"]),
            vote=cast(Any, vote),
            values={} if values is None else _pointers(values),
            reason="" if reason is None else " ".join(text(reason).split()),
            refused=""
            if refused is None
            else word(refused, REFUSALS, "rule that refuses a decision"),
        )

    def expected(self, node: Node) -> Expected:
        fields = Fields(
            node, "expect", (), ("transitions", "effects", "end", "cause", "output", "children")
        )
        states, effects = fields.get("transitions"), fields.get("effects")
        children = fields.get("children")
        end, cause, output = fields.get("end"), fields.get("cause"), fields.get("output")
        return Expected(
            transitions=None
            if states is None
            else tuple(
                word(one, tuple(State), "authority state")
                for one in sequence(states, "transitions")
            ),
            effects=None
            if effects is None
            else tuple(self._effect(one) for one in sequence(effects, "effects")),
            end=None if end is None else _state(end),
            cause=None if cause is None else word(cause, tuple(Cause), "cause"),
            output=None if output is None else entered(output, self._manifest["output"]),
            children=None
            if children is None
            else tuple(self._child(one) for one in sequence(children, "children")),
        )

    def _child(self, node: Node) -> tuple[str, str]:
        ran = mapping(node, "a child", "like settle: COMPLETED")
        if len(ran) != 1:
            raise WrongScenario(
                node.place, "value", "a child is one workflow with its end", "split it"
            )
        name, state = next(iter(ran.items()))
        word(Node(node.keys[name], name, {}), self._manifest["workflows"], "workflow that it runs")
        return name, _state(state)

    def _effect(self, node: Node) -> tuple[str, Any]:
        calls = mapping(node, "an effect", "like payments.refund: {order: …}")
        if len(calls) != 1:
            raise WrongScenario(
                node.place, "value", "an effect is one operation with its arguments", "split it"
            )
        name, arguments = next(iter(calls.items()))
        self._operation(name, node)
        return name, entered(arguments, self._operations[name]["arguments"])

    def _operation(self, name: str, node: Node) -> None:
        word(Node(node.keys[name], name, {}), self._operations, "operation")

    def _gate(self, name: str, node: Node) -> Mapping[str, Any]:
        gate: Mapping[str, Any] = self._gates[
            word(Node(node.keys[name], name, {}), self._gates, "gate")
        ]
        return gate


def entered(node: Node, shape: Any) -> Any:
    """The node's value in the one form of a shape: a decimal comes to its scale.

    Raises:
        WrongScenario: at the first field that has not its shape.
    """
    from gantral.api.entry import enter

    value, errors = enter(list(shape), node.plain(), "")
    if not errors:
        return value
    first = errors[0]
    raise WrongScenario(
        _at(node, first.pointer),
        "value",
        f"{first.pointer or 'this'}: {first.message}",
        "write what the spec declares; a text that looks like a number goes in quotes",
    )


def _at(node: Node, pointer: str) -> Any:
    place = node.place
    for step in pointer.split("/")[1:]:
        if isinstance(node.value, dict) and step in node.value:
            place, node = node.keys[step], node.value[step]
        elif isinstance(node.value, list) and step.isdigit() and int(step) < len(node.value):
            node = node.value[int(step)]
            place = node.place
        else:
            break
    return place


def _state(node: Node) -> str:
    return word(node, tuple(State), "authority state")


def _pointers(node: Node) -> dict[str, Any]:
    """Dotted fields, as ``amend`` writes them, to pointers."""
    return {
        "/" + name.replace(".", "/"): one.plain()
        for name, one in mapping(node, "values", "like refund.amount: 25.00").items()
    }
