"""Whom a rule tells: its owner, or the people, groups and channels that it names."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group

from notifications.models import Channel, Delivery, Notification
from notifications.routing.recipients import Directory, problems_of, split
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, MetricSample
from rules.text.entry import action_in_words
from tests.api import Program
from tests.notifications.outside import START, channel_of
from tests.rules.pages.test_rule_form import filled
from tests.rules.rule_cast import rule_of, saved_by

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []), (None, []), ("ada@example.com", ["ada@example.com"]),
        (" a@b.c ,  group:operators;owner\nowner", ["a@b.c", "group:operators", "owner"]),
        (["channel: My  phone", "channel: My phone"], ["channel: My phone"]),
        ([["admin"], [["operator"], "admin"]], ["admin", "operator"]), ([None, "admin", "", {}, False], ["admin"]),
        (5, ["5"]), (True, ["true"]), ([{"email": "a@b.c"}], ['{"email": "a@b.c"}']),
    ],
)  # fmt: skip
def test_they_are_written_with_commas_or_as_a_list(text, parts):
    assert split(text) == parts


def fire(rule):
    """Its owner is at 95, and a tick comes."""
    MetricSample.objects.push(user=rule.user, metric="cpu", value=95, observed_at=START - timedelta(minutes=1))
    dispatch(START, "test")
    return ActivityEntry.objects.get(event_type="rule_fired")


def cpu(user, **config):
    return rule_of(
        user, rule_name="CPU", metric_type="cpu", condition_operator=">", threshold_value=90, action_config=config
    )


def notified():
    return sorted(Notification.objects.values_list("user__full_name", flat=True))


def test_without_any_the_owner_is_told(alice):
    fire(cpu(alice))
    assert notified() == ["Alice"]


def test_those_that_are_named_are_told_and_nobody_else(alice, olga, bob):
    entry = fire(saved_by(cpu(alice, recipients=["OLGA@example.com", "bob@example.com"]), olga))
    assert notified() == ["Bob", "Olga"]
    assert entry.context["outcome"]["notifications"] == 2
    for notification in Notification.objects.all():  # the rule is not theirs, the notification is
        assert notification.action_url == f"/notifications/{notification.pk}/change/"


def test_a_group_is_everybody_in_it_once(alice, olga, audra):
    audra.groups.add(Group.objects.get(name="operators"))
    fire(saved_by(cpu(alice, recipients=["group:operators", "olga@example.com", "owner"]), olga))
    assert notified() == ["Alice", "Audra", "Olga"]


def test_whoever_may_not_sign_in_any_more_is_not_told_and_the_outcome_says_so(alice, olga, bob):
    bob.is_active = False
    bob.save()
    entry = fire(saved_by(cpu(alice, recipients=["bob@example.com", "olga@example.com"]), olga))
    assert notified() == ["Olga"]
    assert entry.context["outcome"]["problem"] == "Recipients not found: bob@example.com."


def test_where_nobody_is_left_the_owner_is_notified_and_the_outcome_says_so(alice, olga):
    entry = fire(saved_by(cpu(alice, recipients=["gone@example.com", "group:nobody"]), olga))
    assert (entry.status, notified()) == ("success", ["Alice"])
    assert entry.context["outcome"]["problem"] == (
        "Recipients not found: gone@example.com, group:nobody. The owner of the rule was notified instead."
    )


@pytest.mark.parametrize(
    ("recipients", "names"),
    [
        (["admin"], ["Ada"]), ("Admins", ["Ada"]), ("administrator, operators", ["Ada", "Olga"]),
        (["manager"], ["Olga"]), ("auditor", ["Audra"]), (["users", "nobody such"], ["Ada", "Alice", "Bob"]),
        (["sailors"], ["Alice"]), ([{"role": "admin"}], ["Alice"]),
    ],
)  # fmt: skip
def test_a_role_is_everybody_who_has_it(alice, bob, olga, ada, audra, recipients, names):
    for user in (alice, bob):
        user.groups.add(Group.objects.get(name="members"))
    assert (fire(saved_by(cpu(alice, recipients=recipients), olga)).status, notified()) == ("success", names)


def test_an_id_is_a_person_as_an_e_mail_is(alice, bob, olga):
    entry = fire(saved_by(cpu(alice, recipients=[str(bob.pk), str(uuid4())]), olga))
    assert notified() == ["Bob"]
    assert "Recipients not found" in entry.context["outcome"]["problem"]


def test_a_role_is_nobodys_to_notify_but_an_operators(alice, ada):
    entry = fire(cpu(alice, recipients=["admin"]))
    assert (entry.status, notified()) == ("success", ["Alice"])
    problem = entry.context["outcome"]["problem"]
    assert "Not notified: admin." in problem
    assert problem.endswith("The owner of the rule was notified instead.")
    assert "Only operators can notify other people." in problems_of(["admin"], alice, alice)[0]


@pytest.mark.parametrize("recipient", ["bob@example.com", "nobody@example.com", "group:operators", "channel:b@c.d/X"])
def test_a_rule_that_no_operator_owns_or_has_saved_notifies_its_owner_alone(alice, bob, recipient):
    entry = fire(cpu(alice, recipients=[recipient]))
    assert (entry.status, notified()) == ("success", ["Alice"])
    assert entry.context["outcome"]["problem"] == (
        f"Not notified: {recipient}. Only rules owned or saved by an operator can notify people other than the owner. "
        "The owner of the rule was notified instead."
    )


def test_where_some_may_be_notified_the_owner_was_not_instead(alice, bob):
    entry = fire(cpu(alice, recipients=["alice@example.com", "bob@example.com"]))
    assert notified() == ["Alice"]
    assert "instead" not in entry.context["outcome"]["problem"]


def test_title_and_message_of_another_kind_are_written_as_json(alice):
    fire(cpu(alice, title=["a"], message={"x": 1}))
    note = Notification.objects.get()
    assert (note.title, note.message.splitlines()[0]) == ('["a"]', '{"x": 1}')


def test_that_is_asked_at_each_evaluation(olga, bob):
    rule = cpu(olga, recipients=["bob@example.com"])
    olga.groups.clear()
    fire(rule)
    assert notified() == ["Olga"]


def test_what_was_changed_past_the_one_who_saved_it_is_not_theirs(alice, olga, bob):
    rule = saved_by(cpu(alice, recipients=["bob@example.com"]), olga)
    type(rule).objects.filter(pk=rule.pk).update(rule_name="Pay now")
    fire(rule)
    assert notified() == ["Alice"]


def test_a_channel_that_is_named_gets_it_beside_the_inbox_and_no_other_does(alice):
    pager, phone = (channel_of(alice, name=name, url="https://example.com/") for name in ("Pager", "Phone"))
    fire(cpu(alice, recipients=["channel:Pager"]))
    assert notified() == ["Alice"]
    assert Delivery.objects.get().channel == pager
    assert phone.deliveries.count() == 0


def test_a_channel_and_its_owner_are_told_once_by_it(alice):
    for name in ("Pager", "Phone"):
        channel_of(alice, name=name, url="https://example.com/")
    fire(cpu(alice, recipients=["owner", "channel:Pager"]))
    assert Notification.objects.count() == 1
    assert sorted(Delivery.objects.values_list("channel_name", flat=True)) == ["Pager", "Phone"]


def test_a_channel_of_somebody_else_is_named_with_their_address(alice, olga):
    pager = channel_of(olga, name="Team/Night", url="https://example.com/")
    fire(saved_by(cpu(alice, recipients=["channel:olga@example.com/Team/Night"]), olga))
    assert Delivery.objects.get().channel == pager
    assert notified() == ["Alice"]


def test_a_channel_that_is_switched_off_is_not_there(alice):
    channel_of(alice, name="Pager", url="https://example.com/")
    Channel.objects.update(enabled=False)
    directory = Directory([(alice.pk, ["channel:Pager"])])
    assert directory.find(alice.pk, ["channel:Pager"], others=False).missing == ("channel:Pager",)


def test_a_batch_is_looked_up_at_once(alice, olga, django_assert_num_queries):
    named = [(alice.pk, [f"person{n}@example.com", f"channel:C{n}", "group:operators"]) for n in range(50)]
    with django_assert_num_queries(3):
        directory = Directory(named)
        for owner, recipients in named:
            directory.find(owner, recipients, others=True)


@pytest.mark.parametrize(
    ("recipient", "problem"),
    [
        ("alice@example.com", ""), ("owner", ""), ("channel:Pager", ""), ("channel:alice@example.com/Pager", ""),
        ("bob@example.com", "Only operators can notify other people."), ("group:operators", "Only operators"),
        ("channel:bob@example.com/Pager", "Only operators"), ("channel:Phone", "No enabled channel"),
        ("everybody", "is not a valid recipient. Use a person's e-mail"),
    ],
)  # fmt: skip
def test_members_tell_themselves(alice, bob, recipient, problem):
    channel_of(alice, name="Pager", url="https://example.com/")
    text = " ".join(problems_of([recipient], alice, alice))
    assert problem in text
    assert bool(text) == bool(problem)


@pytest.mark.parametrize(
    ("recipient", "problem"),
    [
        ("bob@example.com", ""), ("group:operators", ""), ("nobody@example.com", "No user with the e-mail"),
        ("group:sailors", "is empty or does not exist"), ("channel:bob@example.com/Pager", "No enabled channel"),
    ],
)  # fmt: skip
def test_operators_tell_anybody_who_is_there(alice, bob, olga, recipient, problem):
    text = " ".join(problems_of([recipient], alice, olga))
    assert problem in text
    assert bool(text) == bool(problem)


def test_by_rest_they_are_checked_and_kept_as_a_list(alice, bob):
    rule = {
        "rule_name": "CPU", "metric_type": "cpu", "condition_operator": ">", "threshold_value": 90,
        "action_type": "alert", "severity": "high",
    }  # fmt: skip
    program = Program(alice)
    refused = program.post("rules/", rule | {"action_config": {"recipients": "bob@example.com"}}, status=400)
    assert "Only operators can notify other people" in refused["action_config.recipients"][0]
    made = program.post("rules/", rule | {"action_config": {"recipients": "owner, alice@example.com"}}, status=201)
    assert made["action_config"]["recipients"] == ["owner", "alice@example.com"]


def test_the_form_shows_them_again_and_says_what_is_wrong(alice, client_of):
    rule = cpu(alice, recipients=["owner", "alice@example.com"])
    page = client_of(alice).get(f"/rules/{rule.pk}/change/").content.decode()
    assert 'value="owner, alice@example.com"' in page
    sent = filled(action_type="alert", option__alert__recipients="bob@example.com")
    page = client_of(alice).post(f"/rules/{rule.pk}/change/", sent).content.decode()
    assert "Only operators can notify other people" in page


def test_the_sentence_of_a_rule_names_them(alice):
    assert action_in_words(cpu(alice)) == "alert Alice"
    assert action_in_words(cpu(alice, recipients=["owner", "group:operators"])) == "alert Alice and group:operators"
