"""A language model that calls tools: an office, a stand-in for the model, the services."""
