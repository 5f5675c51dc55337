"""Views for programs that send metrics and alerts by protocols of their own: one protocol a file."""
