"""The rules of names, types, statements, gates, services and authority, checked on the tree."""
