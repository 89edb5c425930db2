package @name@_test

import data.@name@

answer(price) := decision if {
	decision := @name@.decision with input as {
		"version": 1,
		"workflow": "@name@",
		"gate": "purchase",
		"proposal": {"price": price},
	}
}

test_small_purchases_pass if answer(99.99) == {"decision": "ALLOW"}

test_the_limit_needs_people if answer(100.00) == {"decision": "REQUIRE_HUMAN"}

test_what_is_no_number_is_refused if answer("99.99") == {"decision": "DENY"}
