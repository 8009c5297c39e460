"""First candidates."""
