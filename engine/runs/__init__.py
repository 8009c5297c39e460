"""Runs: started, gone on with, watched and read."""
