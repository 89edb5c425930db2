"""A hand-written package of the generated form, for the activities' tests."""
