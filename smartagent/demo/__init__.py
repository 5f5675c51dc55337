"""The demo: a month of invented people, readings and rules, evaluated by the real dispatcher."""
