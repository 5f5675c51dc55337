"""The interface of the legacy project, under its own paths: its clients change the host and nothing else.

Its functions are `/functions/v1/<name>`, its procedures `/rest/v1/rpc/<name>`. Each does its work by the code of pages
and REST. Table reads stay with the legacy platform.
"""
