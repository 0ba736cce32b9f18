"""Measuring Carrel on questions whose answers are known: ``carrel evaluate``."""
