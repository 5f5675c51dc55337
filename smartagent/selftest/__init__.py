"""The self-test: rules fire, actions happen and messages arrive, tried out in this installation without a trace.

1. `scenario` evaluates test rules in a transaction that is rolled back; 2. `transport` sends the message of the alert
to the test channels; 3. `run` does both, keeps the result, and notifies operators where too much fails.
"""
