package tools_test

import data.tools

asked(tool, arguments) := {
	"version": 1,
	"workflow": "agent_tool_calls",
	"gate": "tool_call",
	"round": 1,
	"initiator": "olga",
	"proposal": {
		"tool": tool,
		"arguments": arguments,
		"reason": "the guests must know",
		"task": "tell the guests when dinner is",
	},
}

answer(document) := decision if {
	decision := tools.decision with input as document
}

mail := {"to": "guests@hotel.example", "text": "dinner is at eight"}

test_looking_up_passes if answer(asked("search_notes", {"words": "dinner"})) == {"decision": "ALLOW"}

test_a_note_passes if answer(asked("write_note", {"text": "dinner at eight"})) == {"decision": "ALLOW"}

test_a_mail_needs_a_person if answer(asked("send_mail", mail)) == {"decision": "REQUIRE_HUMAN"}

test_a_mail_to_nowhere_is_refused if {
	answer(asked("send_mail", object.union(mail, {"to": "x@house.invalid"}))) == {"decision": "DENY"}
}

test_a_mail_to_nobody_is_refused if answer(asked("send_mail", {"text": "x"})) == {"decision": "DENY"}

test_another_tool_is_refused if answer(asked("run_shell", {"line": "rm"})) == {"decision": "DENY"}

test_arguments_are_an_object if answer(asked("write_note", "dinner")) == {"decision": "DENY"}

test_another_gate_is_refused if {
	answer(object.union(asked("write_note", {}), {"gate": "tool"})) == {"decision": "DENY"}
}

test_another_workflow_is_refused if {
	answer(object.union(asked("write_note", {}), {"workflow": "agent"})) == {"decision": "DENY"}
}

test_another_version_of_the_question_is_refused if {
	answer(object.union(asked("write_note", {}), {"version": 2})) == {"decision": "DENY"}
}

test_an_empty_question_is_refused if answer({}) == {"decision": "DENY"}
