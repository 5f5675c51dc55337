"""The entry point of web servers."""

import gc
import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from smartagent.setup.safety import dangers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartagent.settings")
os.umask(0o077)
if found := dangers(settings):
    raise ImproperlyConfigured(" ".join(found))
application = get_wsgi_application()
# What is loaded stays, and requests make many objects without cycles: they are looked through less often.
gc.freeze()
gc.set_threshold(50_000, 20, 20)
