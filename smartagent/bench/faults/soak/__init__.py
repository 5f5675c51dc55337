"""The whole system under the same load for a long time: nothing may grow that does not grow with its data."""
