"""Old names say that they are old."""

from datetime import UTC, datetime

from smartagent.docs.contents import all_pages
from smartagent.rest.deprecations import DEPRECATIONS, Deprecation


def test_an_old_name_says_so_whatever_it_answers(client, settings, db):
    settings.SITE_URL = "https://sa.example"
    answer = client.post("/functions/v1/ai_agent_dispatcher")
    assert answer.status_code == 401
    assert answer["Deprecation"] == f"@{int(datetime(2026, 11, 29, tzinfo=UTC).timestamp())}"
    assert answer["Link"] == (
        '<https://sa.example/docs/rest/#deprecations>; rel="deprecation"; type="text/html", '
        '<https://sa.example/api/dispatch/>; rel="successor-version"'
    )
    assert "Sunset" not in answer
    assert not {"Deprecation", "Link"} & set(client.get("/api/").headers)


def test_an_end_that_is_known():
    until = Deprecation(
        path="/a", since=datetime(2026, 1, 1, tzinfo=UTC), successor="/b", sunset=datetime(2027, 1, 1, tzinfo=UTC)
    )  # fmt: skip
    assert until.headers()["Sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"


def test_each_is_in_the_documentation():
    text = next(page.text for page in all_pages() if page.slug == "rest")
    assert not [each.path for each in DEPRECATIONS if f"{each.path}`" not in text or each.successor not in text]
