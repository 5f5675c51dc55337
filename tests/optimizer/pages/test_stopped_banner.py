"""While the optimizer is stopped, every page says so: by whom, since when, and where it is resumed."""

import pytest
from django.utils import timezone

from optimizer.policy.changes import switch

pytestmark = pytest.mark.django_db
PAGES = ["/", "/rules/", "/notifications/", "/optimizer-policy/", "/channels/", "/activity/"]
SAID = "The optimizer is stopped by Ada since"


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_that_it_is_stopped(client_of, ada, page):
    client = client_of(ada)
    assert SAID not in client.get(page).content.decode()
    switch(True, ada, timezone.now())
    shown = client.get(page).content.decode()
    assert SAID in shown
    assert 'href="/optimizer-policy/#switch-title">Resume it</a>' in shown
    switch(False, ada, timezone.now())
    assert SAID not in client.get(page).content.decode()


def test_only_those_who_may_see_the_policy_are_told(client_of, ada, alice):
    switch(True, ada, timezone.now())
    may = alice.has_perm("optimizer.view_optimizerpolicy")
    shown = client_of(alice).get("/").content.decode()
    assert (SAID in shown) is may
    assert "Resume it" not in shown
