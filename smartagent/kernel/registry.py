"""Registries: classes named by a setting and looked up by their `kind`, such as metrics, actions and strategies."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

Plug = TypeVar("Plug")


class UnknownKind(LookupError):
    """The setting names no class of that kind."""


class Registry(Generic[Plug]):
    """The plugs of one setting, each made once, when first asked for.

    >>> actions: Registry[Action] = Registry("RULES_ACTIONS")
    >>> actions["alert"].label
    'Alert'
    """

    def __init__(self, setting: str) -> None:
        self.setting = setting
        setting_changed.connect(self._forget, weak=False)

    @cached_property
    def plugs(self) -> dict[str, Plug]:
        """Every plug by its kind, in the order of the setting."""
        found: dict[str, Plug] = {}
        for path in getattr(settings, self.setting):
            plug = import_string(path)()
            if plug.kind in found:
                raise ImproperlyConfigured(
                    f"{self.setting}: two plugs of the kind {plug.kind!r}, the second is {path}."
                )
            found[plug.kind] = plug
        return found

    def __getitem__(self, kind: str) -> Plug:
        try:
            return self.plugs[kind]
        except KeyError:
            known = ", ".join(self.plugs) or "none"
            raise UnknownKind(f"{kind!r} is not in {self.setting}; available: {known}.") from None

    def find(self, kind: str) -> Plug | None:
        """The object of that kind, or None."""
        return self.plugs.get(kind)

    def __contains__(self, kind: object) -> bool:
        return kind in self.plugs

    def __iter__(self) -> Iterator[Plug]:
        return iter(self.plugs.values())

    def choices(self) -> list[tuple[str, str]]:
        """(kind, label) of every plug, for a form."""
        return [(plug.kind, plug.label) for plug in self]  # type: ignore[attr-defined]

    def _forget(self, *, setting: str, **_: Any) -> None:
        if setting == self.setting:
            self.__dict__.pop("plugs", None)
