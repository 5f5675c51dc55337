"""The entry point of web servers."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartagent.settings")
application = get_wsgi_application()
# What is loaded stays, and requests make many objects without cycles: they are looked through less often.
gc.freeze()
gc.set_threshold(50_000, 20, 20)
