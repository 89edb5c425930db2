"""Rights on systems for a few hours, given and taken away by people, and the service on them."""
