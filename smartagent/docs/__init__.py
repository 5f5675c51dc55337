"""The documentation, served at /docs/: Markdown files beside the code, and reference pages made from the registries."""
