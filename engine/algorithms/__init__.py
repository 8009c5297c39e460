"""Algorithms: printable specifications that start ask/tell state machines."""
