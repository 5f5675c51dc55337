"""Tables that are partitioned by months, natively.

1. `months` is the calendar; 2. `layout` finds the partitions of a table; 3. `takeover` makes a partitioned table of one
that is in use; 4. `ahead` makes the partitions of the months to come; 5. `expiry` drops those of months gone by;
6. `operation` does 3 and 4 as a step of a migration.

The first partition takes what is older than the months, the default partition what is newer: no row is ever refused.
Since the first one begins with MINVALUE, "the newest row before now" reads one partition after the other, from the
newest, and stops at the first row; a default partition for what is old would have all of them read.
"""
