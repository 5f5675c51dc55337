"""Whom a page is about, and what of that its viewer may see: rows of each section, limited in the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, Q

from notifications.models import Notification
from notifications.models.querysets import NotificationQuerySet
from optimizer.models import OptimizationEvent
from optimizer.models.querysets import OptimizationQuerySet
from rules.models import ActivityEntry, AutomationRule, Integration, MetricSample, RuleState
from rules.models.activity_facts import METRIC, TARGET
from rules.models.querysets import ActivityQuerySet, RuleQuerySet, StateQuerySet
from smartagent.kernel.scope import has_everyone
from smartagent.models import User

HEALTH = "integration_health"
LOWEST = Q(metric_type=HEALTH) & (Q(target_integration=None) | Q(target_integration=""))  # rules on the lowest health
# What is searched for one integration; the entries of its person are many more.
SEARCHED = timedelta(days=30)
RULES_SEARCHED, NOTIFICATIONS_SEARCHED = 100, 500


@dataclass(frozen=True, kw_only=True)
class PageSubject:
    """A person, or one `integration` of theirs, as `viewer` sees it at `now`."""

    viewer: Any
    person: User
    now: datetime
    integration: Integration | None = None

    @cached_property
    def target(self) -> str:
        """The target of its readings; empty for the person as a whole."""
        return self.integration.integration_type if self.integration else ""

    @property
    def may_see_readings(self) -> bool:
        """Whether the viewer may see the samples of the person."""
        own = self.viewer.pk == self.person.pk or has_everyone(self.viewer, "view")
        return own and bool(self.viewer.has_perm("rules.view_metricsample"))

    @cached_property
    def was_ill(self) -> bool:
        """Whether the integration was less than active in the time that is searched, so that entries about the lowest
        health of the person may be about it."""
        if self.integration is None or not self.is_well:
            return self.integration is not None
        read = MetricSample.objects.of(self.person, HEALTH, self.target).filter(value__lt=100)
        return bool(read.filter(observed_at__gte=self.now - SEARCHED).exists())

    @property
    def is_well(self) -> bool:
        """Whether the integration is active."""
        return self.integration is not None and self.integration.status == Integration.Status.ACTIVE

    def states(self) -> StateQuerySet:
        """The instances about it; while an integration is not active also those of the person's lowest health."""
        states: StateQuerySet = RuleState.objects.visible_to(self.viewer).filter(user=self.person)
        if self.integration is None:
            return states
        lowest = Q(target="", rule__metric_type=HEALTH)
        return states.filter(Q(target=self.target) if self.is_well else Q(target=self.target) | lowest)

    def entries(self) -> ActivityQuerySet:
        """The activity entries about it, newest first."""
        entries: ActivityQuerySet = ActivityEntry.objects.visible_to(self.viewer)
        entries = entries.about(User.objects.filter(pk=self.person.pk)).order_by("-created_at", "-id")
        if self.integration is None:
            return entries
        own, lowest = Q(about_target=self.target), Q(about_target=None, about_metric=HEALTH)
        entries = entries.since(self.now - SEARCHED).alias(about_target=TARGET, about_metric=METRIC)
        return entries.filter(own | lowest if self.was_ill else own)

    def notifications(self) -> NotificationQuerySet:
        """The notifications that the person got; about an integration those that anybody got of the rules that watch
        it, and that are about the person. Newest first."""
        sent: NotificationQuerySet = Notification.objects.visible_to(self.viewer).order_by("-created_at", "-id")
        if self.integration is None:
            return sent.addressed_to(self.person).for_a_list()
        watching = self.rules() if self.was_ill else self.rules().exclude(LOWEST)
        rules = list(watching.order_by().values_list("pk", flat=True)[:RULES_SEARCHED])
        newest = sent.filter(rule__in=rules, created_at__gte=self.now - SEARCHED)[:NOTIFICATIONS_SEARCHED]
        about: NotificationQuerySet = sent.filter(pk__in=newest.values("pk")).having("person", str(self.person.pk))
        return about.select_related("user").for_a_list()

    def rules(self) -> RuleQuerySet:
        """The rules that watch it: of everyone, of the person, and those that have an instance about them."""
        known = Exists(RuleState.objects.filter(rule=OuterRef("pk"), user=self.person))
        rules: RuleQuerySet = AutomationRule.objects.visible_to(self.viewer)
        watching = rules.filter(Q(applies_to="everyone") | Q(user=self.person) | known)
        return watching.filter(self._names_target()) if self.integration else watching

    def optimizations(self) -> OptimizationQuerySet:
        """The optimizations for it that a strategy proposed, newest first."""
        events: OptimizationQuerySet = OptimizationEvent.objects.visible_to(self.viewer).filter(user=self.person)
        events = events.exclude(strategy=None).order_by("-created_at", "-id")
        if self.integration is None:
            return events
        steps = Q(steps__integration=self.integration.pk)
        return events.filter(pk__in=events.filter(Q(target=self.target) | steps).order_by().values("pk"))

    def _names_target(self) -> Q:
        """Rules whose conditions name the integration, or watch the lowest of all."""
        return Q(target_integration=self.target) | Q(more_conditions__contains=[{"target": self.target}]) | LOWEST
