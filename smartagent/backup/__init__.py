"""Backups: one file with the dump of the database and a manifest of what it holds, and the way back.

`dump` writes a file, `restoration` restores one, `check` restores one into a scratch database to see that it can be
restored; `scheduled` does both by a schedule, and `rotation` deletes old ones.
"""
