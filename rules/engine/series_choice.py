"""Which instances a rule has: one, one per series, or one per combination of labels."""

from django.db import models


class SeriesMode(models.TextChoices):
    """The instances of a rule for each person that it watches."""

    ONE = "one", "one per person"
    EACH = "each", "one per series"
    BY = "by", "one per combination of labels"


class SeriesAggregate(models.TextChoices):
    """The aggregation of the series that share an instance."""

    SUM = "sum", "sum"
    AVG = "avg", "average"
    MIN = "min", "minimum"
    MAX = "max", "maximum"
    COUNT = "count", "number of series"


MAX_GROUP_LABELS = 20
