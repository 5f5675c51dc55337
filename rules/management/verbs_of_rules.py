"""The verbs of `manage.py rules`, and their arguments."""

from argparse import ArgumentParser
from typing import Any


def add_export(verbs: Any) -> None:
    """`rules export`"""
    verb = verbs.add_parser("export", help="export rules to a file")
    verb.add_argument("file", nargs="?", default="-", metavar="FILE", help="output file; default: standard output")
    verb.add_argument("--owner", metavar="EMAIL", help="only the rules of this person")
    verb.add_argument("--label", action="append", default=[], metavar="NAME=VALUE", help="only rules with this label")
    verb.add_argument("--rule", action="append", default=[], metavar="ID", help="only this rule, by uid or ID")
    verb.add_argument("--source", default="", metavar="NAME", help="source name written to the file")
    verb.add_argument("--format", choices=["yaml", "json"], default="yaml")


def add_plan(verbs: Any) -> None:
    """`rules plan`"""
    _add_file(verbs.add_parser("plan", help="preview what applying a file would change"))


def add_apply(verbs: Any) -> None:
    """`rules apply`"""
    verb = verbs.add_parser("apply", help="apply a rules file, all rules or none")
    verb.add_argument("--adopt", action="store_true", help="take over rules created by hand or by another file")
    verb.add_argument(
        "--plan", default="", metavar="FINGERPRINT", help="apply only if the plan still has this fingerprint"
    )
    _add_file(verb)


def add_release(verbs: Any) -> None:
    """`rules release`"""
    verb = verbs.add_parser("release", help="release rules from a file, so that they can be edited by hand again")
    verb.add_argument("source", metavar="SOURCE", help="source name of the file")


def add_import(verbs: Any) -> None:
    """`rules import-prometheus`"""
    verb = verbs.add_parser("import-prometheus", help="convert Prometheus alerting rules to a rules file")
    verb.add_argument("file", nargs="+", metavar="FILE", help="Prometheus rules files; - for standard input")
    verb.add_argument(
        "--data-source", default="", metavar="NAME",
        help="Prometheus-compatible data source that evaluates the expressions; it need not exist yet",
    )  # fmt: skip
    verb.add_argument(
        "--address", default="", metavar="URL", help="address of that data source, written to the rules file"
    )
    verb.add_argument("--output", default="-", metavar="FILE", help="output file; default: standard output")
    verb.add_argument("--source", default="", metavar="NAME", help="source name written to the rules file")
    verb.add_argument("--format", choices=["yaml", "json"], default="yaml", help="json: includes the report")


def _add_file(verb: ArgumentParser) -> None:
    """The file of a plan, and how it is read."""
    verb.add_argument("file", metavar="FILE", help="rules file; - for standard input")
    verb.add_argument("--owner", metavar="EMAIL", help="owner of rules without an owner")
    verb.add_argument("--source", default="", metavar="NAME", help="source name; default: name of the file")
    verb.add_argument(
        "--prune", action="store_true", help="delete rules that are no longer in this file; requires a source"
    )
    verb.add_argument("--format", choices=["text", "json"], default="text")
