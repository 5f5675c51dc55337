"""An example platform on loopback, with integrations that can break: `manage.py example_platform`."""
