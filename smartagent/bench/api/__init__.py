"""The API against its own description, as each role: schemathesis and hostile texts, in a scratch database."""
