"""What `gantral simulate` and `gantral replay` share."""
