# Which refunds need people. Advice taken under the spec: the gate alone says who decides.
package refund

sanctioned := {"IRR", "KPW", "RUB", "SYP"}

# Below this many euros a refund costs less than asking.
small := 25.00

# Above this much, in any currency, the money goes another way.
large := 10000.00

# What is not understood is refused.
default decision := {"decision": "DENY"}

decision := {"decision": "ALLOW"} if {
	acceptable
	waivable
}

decision := {"decision": "REQUIRE_HUMAN"} if {
	acceptable
	not waivable
}

acceptable if {
	input.version == 1
	input.workflow == "refund"
	input.gate == "finance"
	is_string(input.proposal.refund.currency)
	not input.proposal.refund.currency in sanctioned

	# OPA orders null and text against numbers too: ask for a number first.
	is_number(input.proposal.refund.amount)
	input.proposal.refund.amount > 0
	input.proposal.refund.amount <= large
}

waivable if {
	input.proposal.refund.currency == "EUR"
	input.proposal.refund.amount < small
}
