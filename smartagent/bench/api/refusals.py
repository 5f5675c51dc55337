"""What the description of the API cannot say, so that a request that it allows may still be refused.

Each is an operation (with `*` for any), words of the refusal, and why no description can say it.
"""

from fnmatch import fnmatchcase

REFUSALS = [
    # The clock.
    ("POST /api/tokens/*", "This must be in the future.", "the clock"),
    ("* /api/people/*", "A person needs an e-mail address", "whether it is an account of a person or of a program"),
    ("* /api/people/*", "A person does not become a service account", "what it is"),
    ("* /api/people/*", "Only service accounts have an owner.", "what it is"),
    ("* /api/people/*", "A service account ", "what it is"),
    ("* /api/people/*", "There is no group “", "which groups are there"),
    ("* /api/people/*", "No active person has the ID or e-mail", "who is there"),
    ("* /api/people/*", "An account with this e-mail address already exists.", "who is there"),
    ("* /api/people/*", "Only superusers can change this.", "who one is"),
    ("* /api/people/*", "Enter a valid email address.", "the grammar of addresses"),
    ("* /api/groups/*", "A group with this name already exists.", "names that are taken"),
    ("* /api/groups/*", "You cannot give the permission “", "which permissions one has"),
    ("POST /api/tokens/", "Enter your own ID, or", "who is there"),
    ("POST /api/tokens/*", "The maximum is 30d.", "a sum"),
    ("POST /api/mutes/", "This must be in the future.", "the clock"),
    ("POST /api/states/*", "The time must be in the future, at most 30 days from now.", "the clock"),
    ("POST /api/notifications/*", "This must be after now, and at most 30 days away.", "the clock"),
    ("GET /api/rules/{id}/why/", "The time must be between the year 2000 and now.", "the clock"),
    ("* /api/silences/*", "The end is before the start.", "it begins now where it does not say when"),
    ("* /api/silences/*", "Enter a ", "the clock"),
    ("* /api/silences/*", "No window starts", "calendars"),
    ("* /api/silences/*", "The start must be within one year from now.", "the clock"),
    ("* /api/silences/*", "The maximum is", "the clock"),
    ("POST /api/samples/", "observed_at: The time is", "the clock"),
    ("GET /api/activity/stream/", "This position is older than a day.", "the clock"),
    ("* /api/*", "is not a matcher.", "the grammar of matchers"),
    ("GET /api/*", "Only = and != can be used here.", "the grammar of matchers"),
    # Who may do what, which depends on what is named.
    ("* /api/*", "The rule does not exist, or you cannot ", "whose the rule is"),
    ("* /api/escalation-policies/*", " is not yours. Only operators can notify other people.", "what a role may"),
    ("* /api/silences/*", " Only operators can silence everything.", "what a role may"),
    ("* /api/silences/*", "Only operators can silence rules of other people.", "what a role may"),
    ("* /api/silences/*", "This rule belongs to ", "whose the rule is"),
    ("* /api/rules/*", "The rule does not watch this person, or you cannot access them.", "whom the rule watches"),
    ("* /api/rules/*", "No person with the ID or e-mail address ", "who is there"),
    ("POST /api/states/*", "The person does not exist, or you cannot access them.", "who is there"),
    ("POST /api/states/*", "This person cannot access the rule", "whose the rule is"),
    # What stands in the database.
    ("* /api/*", "Somebody else has changed this since you read it.", "the version that it has"),
    ("* /api/channels/*", "A channel with this name already exists.", "names that are taken"),
    ("PATCH /api/channels/{id}/", "The type of a channel cannot be changed.", "the kind that it has"),
    ("POST /api/escalation-policies/", "A policy with this name already exists.", "names that are taken"),
    (
        "PATCH /api/escalation-policies/{id}/",
        "Rules refer to the policy by its name, so it cannot be changed.",
        "the name that it has",
    ),
    ("* /api/escalation-policies/*", "” is empty or does not exist", "who is in a group"),
    ("* /api/escalation-policies/*", "No user with the e-mail address “", "who is there"),
    ("* /api/escalation-policies/*", "No enabled channel “", "which channels are there"),
    ("* /api/escalation-policies/*", "” is not a valid recipient.", "which roles are there"),
    ("POST /api/integrations/", "already has an integration of this type", "one for each type"),
    ("PUT /api/integrations/{id}/", "already has an integration of this type", "one for each type"),
    ("PATCH /api/integrations/{id}/", "already has an integration of this type", "one for each type"),
    ("* /api/data-sources/*", "This name is already taken.", "names that are taken"),
    ("* /api/data-sources/*", "cannot be set: authentication and request set it.", "headers in any spelling"),
    ("* /api/data-sources/*", "is there twice.", "headers in any spelling"),
    ("* /api/data-sources/*", "has no stored value", "which headers are stored"),
    ("* /api/data-sources/*", "The address has changed, so enter the secret again", "the address that it has"),
    ("* /api/data-sources/*", "Enter the user name.", "the authentication may stand in the database"),
    ("* /api/data-sources/*", "Enter the password.", "the authentication may stand in the database"),
    ("* /api/data-sources/*", "Enter the token.", "the authentication may stand in the database"),
    ("* /api/data-sources/*", "Invalid URL.", "the names of hosts"),
    ("* /api/data-sources/*", "Enter only certificates", "what makes a certificate"),
    ("* /api/data-sources/*", "is damaged or incomplete.", "what makes a certificate"),
    ("* /api/metric-queries/*", "This name is already taken.", "names that are taken"),
    ("* /api/metric-queries/*", "is a built-in metric.", "which metrics are built in"),
    ("* /api/metric-queries/*", "are pushed, so rules could not", "which metrics are pushed"),
    ("* /api/metric-queries/*", "No data source with the name or ID", "which sources are there"),
    ("* /api/metric-queries/*", "this metric by its name", "the rules that watch it"),
    ("* /api/preferences/", "This person has no channel “", "which channels are there"),
    ("* /api/preferences/", "Quiet hours cover the whole week.", "what several periods leave of a week"),
    ("POST /api/rules/{id}/restore/", "This rule has no version ", "which versions are there"),
    ("POST /api/optimizations/", "No rule watches this metric for this person.", "which rules are there"),
    ("POST /api/*", "This Idempotency-Key was used with another request.", "which keys were used"),
    # What depends on another field that may stand in the database.
    ("* /api/rules/*", "Enter the window for ", "a window belongs to an aggregation"),
    ("* /api/rules/*", " has no window", "a window belongs to an aggregation"),
    ("* /api/rules/*", "parameter: ", "a parameter belongs to an aggregation"),
    ("* /api/rules/*", "Absence is 1 without a reading", "a threshold belongs to an aggregation"),
    ("* /api/rules/*", "This rule chooses its series by matchers.", "how the rule chooses its series"),
    ("* /api/rules/*", "Only rules with one instance per ", "how many instances the rule has"),
    ("* /api/rules/*", " has no parameter. Leave it empty.", "a parameter belongs to an aggregation"),
    ("* /api/rules/*", "The window must be from 5m to 30d", "a sum"),
    ("* /api/rules/*", "would end between two evaluations.", "how often rules are checked is a setting"),
    ("* /api/rules/*", " is not a valid threshold.", "a threshold belongs to the scale of a metric"),
    ("* /api/rules/*", "The critical threshold for “", "which of two numbers is the larger"),
    ("* /api/rules/*", "The recovery threshold for “", "which of two numbers is the larger"),
    ("* /api/rules/*", " threshold requires <, <=, > or >=.", "the operator may stand in the database"),
    ("* /api/rules/*", "is no counter, so it has no", "which built-in metrics count up"),
    ("* /api/silences/*", "Only a recurring silence has a duration", "a duration belongs to a recurrence"),
    ("* /api/silences/*", "Enter the window duration", "a duration belongs to a recurrence"),
    ("* /api/silences/*", "is too long: a silence of ", "what a role may"),
    ("* /api/rules/*", "so the rule would never ", "a threshold belongs to the scale of a metric"),
    ("POST /api/samples/", "is a built-in metric and cannot be pushed.", "which metrics are built in"),
    # The languages of kinds and files.
    ("* /api/channels/*", "settings.", "each kind has its settings: /api/channel-kinds/"),
    ("* /api/rules/*", "action_config.", "each action has its options"),
    ("* /api/silences/*", "recurrence: ", "what RFC 5545 has as recurrences"),
    ("POST /api/rules/*/", "Invalid YAML", "what stands in a text"),
    ("POST /api/rules/*/", "A rules file begins with", "what stands in a text"),
    ("POST /api/rules/*/", "The name of a file: letters, digits", "it stands beside the file or in it"),
    ("POST /api/rules/*/", "rules[", "a rule in a file has its own fields, as export shows them"),
    ("POST /api/rules/*/", "data_sources[", "a data source in a file has its own fields, as export shows them"),
    ("POST /api/rules/*/", "queries[", "a query in a file has its own fields, as export shows them"),
    ("POST /api/rules/import-prometheus/", "A Prometheus rules file has a list", "what stands in a text"),
    ("POST /api/samples/", "samples are invalid; nothing was written.", "how many, beside what is wrong with each"),
    ("POST /api/samples/", "A sample must be an object", "what stands in the lines of a text"),
    ("POST /api/samples/", "Line ", "what stands in the lines of a text"),
    # Other protocols.
    ("GET /api/v1/rules", "match[]: ", "the language PromQL"),
    ("GET /api/v1/rules", "group_next_token: ", "which groups are there, and that group_limit stands beside it"),
    ("POST /api/v1/write", "The body is not compressed with snappy", "the format of the bytes"),
    ("POST /api/v1/write", "Not a ", "the format of the bytes"),
    ("POST /api/v2/write", "partial write: ", "the language of lines"),
    ("POST /api/v*", "X-Smartagent-User: ", "who is there"),
    ("POST /api/v1/alertmanager", "samples were written; not kept", "what cannot be stored of an alert"),
    # Arithmetic and alphabets that JSON Schema has no word for.
    ("*", "At most 20 digits before the decimal point and 10 after it are stored.", "digits of a number"),
    ("*", "The longest duration is 366 days.", "a sum"),
    ("* /api/escalation-policies/*", "waiting time of 1m to 1w", "a sum"),
    ("*", "printable characters.", "properties of Unicode"),
    ("*", "(NUL or an unpaired surrogate)", "a pattern on every text"),
    ("*", "Null characters are not allowed.", "a pattern on every text"),
    ("*", "Enter a valid URL.", "the names of hosts"),
    ("*", " not a time zone.", "names that this machine knows"),
    ("*", "Not a time zone.", "names that this machine knows"),
]


def unexplained(operation: str, answer: object) -> list[str]:
    """The refusals in an answer, with their fields, that none of the above explains."""
    if not isinstance(answer, dict):
        found = [str(answer)]
    elif said := answer.get("error") or answer.get("message"):  # as Prometheus and InfluxDB say it
        found = [said] if isinstance(said, str) else []
    else:
        found = [f"{field}: {text}" for field, texts in answer.items() for text in texts]
    words = [words for pattern, words, _ in REFUSALS if fnmatchcase(operation, pattern)]
    return [refusal for refusal in found if not any(each in refusal for each in words)]
