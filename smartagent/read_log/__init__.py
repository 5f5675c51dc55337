"""The log of reads: where LOG_READS asks for it, who read records of other people is an entry of the activity log.

1. `kernel.reads` notes whose records a request loads, whatever its page.
2. `middleware` asks at the end of the request: may this person see everybody's records, and were some of others?
3. `windows` writes the entry of the first request; further ones of the same page and filters are counted, and written
   as one entry when ten minutes are over.
"""
