"""The form of a data source. Secrets are encrypted, and never shown again."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from rules.data_sources.connections import SourceSecrets, known_secrets_of
from rules.data_sources.validation import ENTER_AGAIN_ELSEWHERE, MAX_SECRET, source_errors
from rules.models import DataSource
from smartagent.kernel.certificates import BEGIN_CERTIFICATE, NotCertificates, canonical_pem
from smartagent.kernel.secret_mask import MASK
from smartagent.shell.second_save import SecondSaveMixin

STORED = "Stored. Empty: unchanged."
HEADERS_HELP = (
    "One a line, for example X-Scope-OrgID: team-a. Values are encrypted and not shown again: … keeps the stored "
    "value; a removed line removes the header."
)
SECRETS = ("password", "token")
SECTIONS = {
    "Server": ("name", "address", "verify_tls", "ca_certificate", "timeout", "enabled"),
    "Access": ("authentication", "username", "password", "token", "headers"),
    "People": ("person_label",),
}  # fmt: skip
BELONGS_TO = {  # an authentication; without it, the field is not shown
    "username": DataSource.Authentication.BASIC, "password": DataSource.Authentication.BASIC,
    "token": DataSource.Authentication.BEARER,
}  # fmt: skip


def _text(**attributes: str) -> Any:
    return UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"} | attributes)


def _secret(label: str) -> forms.CharField:
    """A field that never shows its value."""
    widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password", "data-secret": ""}, render_value=False)
    return forms.CharField(required=False, strip=True, max_length=MAX_SECRET, label=label, widget=widget)


class CertificatesWidget(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """Shows certificates, and nothing else that was entered: it may be a private key."""

    def format_value(self, value: Any) -> str:
        try:
            return canonical_pem(value or "")
        except NotCertificates:
            return ""


class DataSourceForm(SecondSaveMixin, forms.ModelForm):  # type: ignore[type-arg]
    """Creates or edits a data source; `secrets` are those to be stored with it."""

    versioned_also = ("sealed",)

    password, token = _secret("Password"), _secret("Token")
    headers = forms.CharField(
        required=False, label="Headers", help_text=HEADERS_HELP, max_length=100_000,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 3, "spellcheck": "false", "data-secret": "", "placeholder": "X-Scope-OrgID: team-a"}
        ),
    )  # fmt: skip

    class Meta:
        model = DataSource
        fields = (
            "name", "address", "authentication", "username", "password", "token", "headers", "verify_tls",
            "ca_certificate", "timeout", "person_label", "enabled",
        )  # fmt: skip
        widgets = {
            "name": _text(placeholder="prometheus"),
            "address": _text(placeholder="https://prometheus.example.com", type="url"),
            "authentication": UnfoldAdminSelectWidget(),
            "username": _text(),
            "verify_tls": UnfoldBooleanSwitchWidget(),
            "ca_certificate": CertificatesWidget(
                attrs={"rows": 3, "spellcheck": "false", "data-secret": "", "placeholder": BEGIN_CERTIFICATE}
            ),
            "timeout": UnfoldAdminIntegerFieldWidget(attrs={"min": 1, "max": 60}),
            "person_label": _text(placeholder="none"),
            "enabled": UnfoldBooleanSwitchWidget(),
        }

    def __init__(self, data: Any = None, *, source: DataSource) -> None:
        self.fresh, self.address_before = source._state.adding, source.address
        self.known = known_secrets_of(source)
        headers = "\n".join(f"{name}: {MASK}" for name in source.header_names)
        super().__init__(data, instance=source, initial={"headers": headers})
        for name in SECRETS:
            if getattr(self.known, name):
                self.fields[name].help_text = STORED
        self.secrets = self.known

    @property
    def sections(self) -> dict[str, list[tuple[forms.BoundField, str]]]:
        """The fields by the title of their section, each with the authentication that it belongs to, if any."""
        return {title: [(self[name], BELONGS_TO.get(name, "")) for name in names] for title, names in SECTIONS.items()}

    def clean_ca_certificate(self) -> str:
        """The certificates alone."""
        try:
            return canonical_pem(self.cleaned_data["ca_certificate"])
        except NotCertificates as error:
            raise forms.ValidationError(str(error)) from None

    def clean_headers(self) -> dict[str, str]:
        """The headers by name; … stands for a stored value."""
        found: dict[str, str] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["headers"].splitlines())):
            name, colon, value = (part.strip() for part in line.partition(":"))
            if not colon or not name:
                raise forms.ValidationError(f"“{_beginning(line)}” is no header. Example: X-Scope-OrgID: team-a.")
            if name in found:
                raise forms.ValidationError(f"The header {name[:100]} is there twice.")
            found[name] = self._stored_header(name) if value == MASK else value
        return found

    def clean(self) -> dict[str, Any]:
        """Check the whole; a secret that is not entered again must not go to another address."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.secrets = SourceSecrets(
            headers=cleaned.get("headers", {}), **{name: cleaned.get(name) or self._kept(name) for name in SECRETS}
        )
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        for name, texts in source_errors(self.instance, self.secrets).items():
            if name not in self.errors:
                self.add_error(name, texts)

    def _kept(self, name: str) -> str:
        kept: str = getattr(self.known, name)
        if kept and self._is_elsewhere and self.cleaned_data.get("authentication") == BELONGS_TO[name]:
            self.add_error(name, ENTER_AGAIN_ELSEWHERE)
        return kept

    def _stored_header(self, name: str) -> str:
        value = self.known.headers.get(name)
        if value is None:
            raise forms.ValidationError(f"The header {name[:100]} has no stored value that … could keep. Enter it.")
        if self._is_elsewhere:
            raise forms.ValidationError(f"{ENTER_AGAIN_ELSEWHERE} This is about the header {name}.")
        return value

    @property
    def _is_elsewhere(self) -> bool:
        return bool(self.cleaned_data.get("address", self.address_before) != self.address_before)


def _beginning(line: str) -> str:
    """A few characters: the line may hold a secret."""
    return line[:12] + ("…" if len(line) > 12 else "")
