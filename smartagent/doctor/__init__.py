"""Whether all is as it should be, and what to do where it is not.

1. Each check looks at one part, and says what it found (`findings`); 2. `examination` runs all of them;
3. `repair` does what is safe to do, never dropping anything; 4. a command, a page and the API show it.
"""
