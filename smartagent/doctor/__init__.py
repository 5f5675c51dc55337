"""System health: checks of the installation, and repairs.

1. Each check examines one part and yields `findings`; 2. `examination` runs all of them; 3. `repair` does what is safe,
and never drops anything; 4. a command, a page and the API show the report.
"""
