"""Releases that people decide: builds, a cluster and a chat, and the spec's services on them."""
