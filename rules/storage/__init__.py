"""How samples are stored for long: partitions by month, retention, roll-ups. A schedule keeps them, once a day."""
