# Which tool calls need a person. Advice taken under the spec: the gate alone says who decides.
package tools

# What these change stays in the house and can be seen there.
harmless := {"search_notes", "write_note"}

# What these change can't be taken back.
weighty := {"send_mail"}

# A tool that nobody has thought about is refused, and so is a question that is not understood.
default decision := {"decision": "DENY"}

decision := {"decision": "ALLOW"} if {
	understood
	input.proposal.tool in harmless
}

decision := {"decision": "REQUIRE_HUMAN"} if {
	understood
	input.proposal.tool in weighty
	is_string(input.proposal.arguments.to)
	not endswith(input.proposal.arguments.to, ".invalid")
}

understood if {
	input.version == 1
	input.workflow == "agent_tool_calls"
	input.gate == "tool_call"
	is_object(input.proposal.arguments)
}
