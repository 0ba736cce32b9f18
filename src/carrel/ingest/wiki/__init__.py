"""Exports of MediaWiki."""
