package change_test

import data.change

asked(environment) := {
	"version": 1,
	"workflow": "production_deploy",
	"gate": "release",
	"round": 1,
	"initiator": "ines",
	"proposal": {"environment": environment},
}

answer(document, at) := decision if {
	decision := change.decision with input as document with time.now_ns as time.parse_rfc3339_ns(at)
}

test_a_morning_in_the_week_is_open if {
	answer(asked("production"), "2026-11-26T09:00:00+01:00") == {"decision": "REQUIRE_HUMAN"}
}

test_the_window_is_of_berlin_in_summer_too if {
	answer(asked("production"), "2026-07-01T05:00:00Z") == {"decision": "REQUIRE_HUMAN"}
	answer(asked("production"), "2026-07-01T04:59:59Z") == {"decision": "DENY"}
}

test_the_last_minute_is_open if {
	answer(asked("production"), "2026-11-26T14:59:59+01:00") == {"decision": "REQUIRE_HUMAN"}
}

test_the_afternoon_is_closed if {
	answer(asked("production"), "2026-11-26T15:00:00+01:00") == {"decision": "DENY"}
}

test_friday_is_closed if answer(asked("production"), "2026-11-27T09:00:00+01:00") == {"decision": "DENY"}

test_a_freeze_is_closed_from_its_first_day_to_its_last if {
	answer(asked("production"), "2026-12-17T09:00:00+01:00") == {"decision": "REQUIRE_HUMAN"}
	answer(asked("production"), "2026-12-21T09:00:00+01:00") == {"decision": "DENY"}
	answer(asked("production"), "2027-01-04T09:00:00+01:00") == {"decision": "DENY"}
	answer(asked("production"), "2027-01-05T09:00:00+01:00") == {"decision": "REQUIRE_HUMAN"}
}

test_staging_is_always_open if {
	answer(asked("staging"), "2026-12-26T23:00:00+01:00") == {"decision": "REQUIRE_HUMAN"}
}

test_another_environment_is_refused if {
	answer(asked("canary"), "2026-11-26T09:00:00+01:00") == {"decision": "DENY"}
}

test_another_gate_is_refused if {
	asked_elsewhere := object.union(asked("staging"), {"gate": "releases"})
	answer(asked_elsewhere, "2026-11-26T09:00:00+01:00") == {"decision": "DENY"}
}

test_an_empty_question_is_refused if answer({}, "2026-11-26T09:00:00+01:00") == {"decision": "DENY"}
