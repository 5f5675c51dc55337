"""Metrics that are queries of Prometheus-compatible servers.

1. `watched` finds the queries that an evaluation needs.
2. `connections` decrypts the secrets of a source; `client` asks it one query; `answers` reads what it returns. Pure
   networking: no database.
3. `asking` asks all queries at once, within a time; a failure is that of its query.
4. `readings` writes the series into the temporary tables of an evaluation; `record` keeps what a source's page shows.
"""
