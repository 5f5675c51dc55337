"""Search of the activity log: words and `field:value` terms, the same in the pages and in the API."""
