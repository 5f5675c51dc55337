"""Hostile texts in every text field of every form and every operation of the API, in a scratch database."""
