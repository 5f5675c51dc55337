"""The name of a browser and its system, from the header that it sends: “Firefox on Linux”."""

BROWSERS = {
    "Edg": "Edge", "OPR/": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox": "Firefox", "FxiOS": "Firefox",
    "HeadlessChrome": "Chrome", "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari", "curl": "curl",
    "python": "Python",
}  # fmt: skip
SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "CrOS": "ChromeOS",
    "Mac OS": "macOS", "Linux": "Linux",
}  # fmt: skip
UNKNOWN_BROWSER = "Unknown browser"
MAX_USER_AGENT = 300


def browser_name(user_agent: str) -> str:
    """What a person calls it; the first name that the header has."""
    browser, system = _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)
    return f"{browser or UNKNOWN_BROWSER} on {system}" if system else browser or UNKNOWN_BROWSER


def _first(names: dict[str, str], user_agent: str) -> str:
    return next((name for part, name in names.items() if part in user_agent), "")
