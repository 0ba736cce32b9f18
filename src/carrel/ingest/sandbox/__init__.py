"""Readers in processes with time and memory limits."""
