"""The process of a job: `python -m smartagent.bench.hostile` reads a `Job` as JSON from standard input, and writes what
came of it to standard output."""

import os
from importlib import import_module

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartagent.settings")
django.setup()
import_module("smartagent.bench.hostile.process").main()  # which imports models
