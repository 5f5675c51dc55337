"""Certificates of authorities as a text in PEM."""

from typing import Any

from rest_framework import serializers

from smartagent.kernel.certificates import MAX_PEM, NotCertificates, canonical_pem
from smartagent.rest.fields import TextField


class CertificatesField(TextField):
    """One or more certificates in PEM, kept without anything around them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"asks": {"maxLength": MAX_PEM}} | kwargs)

    def to_internal_value(self, data: Any) -> str:
        try:
            return canonical_pem(super().to_internal_value(data))
        except NotCertificates as error:
            raise serializers.ValidationError(str(error)) from None
