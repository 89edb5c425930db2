# When production may change. A guard can only say no: REQUIRE_HUMAN lets people decide, it is no yes.
package change

zone := "Europe/Berlin"

# The days on which nothing ships, first and last.
freezes := [
	{"from": "2026-12-18", "to": "2027-01-04"},
	{"from": "2027-03-24", "to": "2027-03-30"},
]

# Whoever ships in the morning is there when it breaks.
first_hour := 7

last_hour := 15

days := {"Monday", "Tuesday", "Wednesday", "Thursday"}

# What is not understood is refused.
default decision := {"decision": "DENY"}

decision := {"decision": "REQUIRE_HUMAN"} if {
	understood
	input.proposal.environment == "staging"
}

decision := {"decision": "REQUIRE_HUMAN"} if {
	understood
	input.proposal.environment == "production"
	open
	not frozen
}

understood if {
	input.version == 1
	input.workflow == "production_deploy"
	input.gate == "release"
}

open if {
	now := time.now_ns()
	time.weekday([now, zone]) in days
	[hour, _, _] := time.clock([now, zone])
	hour >= first_hour
	hour < last_hour
}

frozen if {
	today := time.format([time.now_ns(), zone, "2006-01-02"])
	some freeze in freezes
	today >= freeze.from
	today <= freeze.to
}
