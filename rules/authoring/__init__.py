"""Rules as people write them: what makes one sound, its form, templates to start from, and a trial over the past."""
