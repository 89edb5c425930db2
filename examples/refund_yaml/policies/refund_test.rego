package refund_test

import data.refund

asked(amount, currency) := {
	"version": 1,
	"workflow": "refund",
	"gate": "finance",
	"round": 1,
	"initiator": "carol",
	"proposal": {
		"order": {"id": "A-1001", "customer": "Ada", "total": {"amount": 99.90, "currency": currency}},
		"refund": {"amount": amount, "currency": currency},
		"reason": "the lamp arrived broken in two",
	},
}

answer(document) := decision if {
	decision := refund.decision with input as document
}

test_small_euros_pass if answer(asked(24.99, "EUR")) == {"decision": "ALLOW"}

test_the_limit_itself_needs_people if answer(asked(25.00, "EUR")) == {"decision": "REQUIRE_HUMAN"}

test_small_dollars_need_people if answer(asked(10.00, "USD")) == {"decision": "REQUIRE_HUMAN"}

test_ten_thousand_needs_people if answer(asked(10000.00, "EUR")) == {"decision": "REQUIRE_HUMAN"}

test_more_is_refused if answer(asked(10000.01, "EUR")) == {"decision": "DENY"}

test_sanctioned_currency_is_refused if answer(asked(5.00, "RUB")) == {"decision": "DENY"}

test_nothing_is_refused if answer(asked(0.00, "EUR")) == {"decision": "DENY"}

test_text_is_no_amount if answer(asked("5.00", "EUR")) == {"decision": "DENY"}

test_null_is_no_amount if answer(asked(null, "EUR")) == {"decision": "DENY"}

test_another_gate_is_refused if {
	answer(object.union(asked(5.00, "EUR"), {"gate": "finances"})) == {"decision": "DENY"}
}

test_another_workflow_is_refused if {
	answer(object.union(asked(5.00, "EUR"), {"workflow": "payout"})) == {"decision": "DENY"}
}

test_another_version_of_the_question_is_refused if {
	answer(object.union(asked(5.00, "EUR"), {"version": 2})) == {"decision": "DENY"}
}

test_an_empty_question_is_refused if answer({}) == {"decision": "DENY"}
