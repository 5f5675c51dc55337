"""Files that pages of the documentation link to, for other programs."""

from pathlib import Path

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_GET

DOWNLOADS = Path(__file__).parent / "downloads"
CONTENT_TYPES = {
    "smartagent-alerts.yml": "application/yaml",
    "smartagent-dashboard.json": "application/json",
}


@require_GET
def download(request: HttpRequest, file: str) -> FileResponse:
    """One of them, to be saved."""
    if file not in CONTENT_TYPES:
        raise Http404
    opened = (DOWNLOADS / file).open("rb")
    return FileResponse(opened, as_attachment=True, filename=file, content_type=CONTENT_TYPES[file])
