"""Evaluation on questions with known answers: ``carrel evaluate``."""
