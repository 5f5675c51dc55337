"""Retention: for how long each kind of row is kept, what grows, and what is deleted.

`deletion` deletes what no app deletes by itself; `overview` is what the page and the API show of all kinds.
"""
