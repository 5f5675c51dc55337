"""Generated cases made to ask for what is there: ids, people and times that no generator would hit upon."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from zlib import crc32

from django.utils import timezone
from schemathesis import Case

PERSON = ("user", "person", "owner")  # fields that name somebody
# Fields of rules and silences that are right or wrong by the others: half of them are sent without, so as to be taken.
CONTINGENT = ("critical_threshold", "recovery_threshold", "evaluation_window", "reducer", "reducer_parameter",
              "more_conditions", "recurrence", "duration")  # fmt: skip
ENDS = ("until", "ends_at")
IN_THE_FUTURE = timedelta(hours=1)


def use_known_id(case: Case[Any], known: Mapping[str, str]) -> None:
    """Ask for something that is there, where a well-formed id was made up."""
    made_up = str((case.path_parameters or {}).get("id", ""))
    existing = known.get(word_of(case), made_up)
    if _is_uuid(made_up) or (made_up.isdecimal() and existing.isdecimal()):
        case.path_parameters["id"] = existing


def use_known_things(case: Case[Any], known: Mapping[str, str]) -> None:
    """Name somebody, and a rule, who are there, and no cursor that nobody made, where what is sent is allowed. `known`
    also has the e-mail address of `somebody` and their `somebody_id`."""
    if not case.meta or case.meta.generation.mode.is_negative:
        return
    for sent in (case.query, *(case.body if isinstance(case.body, list) else [case.body])):
        if isinstance(sent, dict):
            _use_known_things(sent, known, word_of(case))


def word_of(case: Case[Any]) -> str:
    """The first word of the address below /api/: of which kind its objects are."""
    return case.path.split("/")[2]


def _use_known_things(sent: dict[str, Any], known: Mapping[str, str], word: str) -> None:
    _leave_out(sent, ["cursor", *(["starts_at"] if "ends_at" in sent else [])])
    key = "somebody_id" if word == "tokens" else "somebody"
    sent.update({name: known[key] for name in PERSON if isinstance(sent.get(name), str)})
    _leave_out(sent, CONTINGENT if _half(sent) else [])
    sent.update({name: _soon() for name in ENDS if isinstance(sent.get(name), str)})
    names_rule = isinstance(sent.get("rule"), str) and sent["rule"] not in ("on", "off")
    sent.update({"rule": known["rules"]} if names_rule else {})
    sent.update({"ids": [known[word]]} if sent.get("ids") and word in known and _half(sent) else {})


def _half(sent: dict[str, Any]) -> bool:
    return bool(crc32(repr(sent).encode(errors="surrogatepass")) % 2)


def _soon() -> str:
    return (timezone.now() + IN_THE_FUTURE).isoformat()


def _leave_out(sent: dict[str, Any], names: Iterable[str]) -> None:
    for name in names:
        sent.pop(name, None)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
