"""A small real platform on loopback whose integrations break and heal: `manage.py example_platform`."""
