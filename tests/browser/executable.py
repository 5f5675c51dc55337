"""Which Chromium is here."""

import os
import shutil

NAMES = ("chromium-headless-shell", "chromium", "google-chrome", "chromium-browser")
FOUND = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), "chromium")
