"""The chain of the activity log: what was recorded can be verified with a key that is not in the database.

`sealing` adds links (read first), `verification` checks all of them, `forgetting` deletes by retention.
"""
