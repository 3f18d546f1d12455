"""Drafts: which mail is written with which facts, and what people are called in it."""
