"""Scenarios and a history of our own making: demo, test fixture and documentation at once (see README.md)."""
