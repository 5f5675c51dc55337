"""A proof that this installation works, in its own database: `manage.py verify`."""
