"""Files that pages of the documentation link to, for other programs."""

from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

DOWNLOADS = Path(__file__).parent / "downloads"
CONTENT_TYPES = {
    "smartagent-alerts.yml": "application/yaml",
    "smartagent-dashboard.json": "application/json",
}


@require_GET
def download(request: HttpRequest, file: str) -> HttpResponse:
    """One of them, to be saved."""
    if file not in CONTENT_TYPES:
        raise Http404
    head = {"Content-Disposition": f'attachment; filename="{file}"'}
    return HttpResponse((DOWNLOADS / file).read_bytes(), content_type=CONTENT_TYPES[file], headers=head)
