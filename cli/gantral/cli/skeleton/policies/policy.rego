# Which purchases need people. Advice taken under the spec: the gate alone says who decides.
package @name@

# Below this it costs less than asking.
limit := 100.00

# What is not understood is refused.
default decision := {"decision": "DENY"}

decision := {"decision": "ALLOW"} if {
	understood
	input.proposal.price < limit
}

decision := {"decision": "REQUIRE_HUMAN"} if {
	understood
	input.proposal.price >= limit
}

understood if {
	input.version == 1
	input.workflow == "@name@"
	input.gate == "purchase"

	# OPA orders null and text against numbers too: ask for a number first.
	is_number(input.proposal.price)
}
