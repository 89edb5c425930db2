"""The transparency log: commits' hashes go there, and it is read and followed."""
