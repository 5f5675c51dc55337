"""The whole system under load, on an installation of its own, while one part of it after the other fails."""
