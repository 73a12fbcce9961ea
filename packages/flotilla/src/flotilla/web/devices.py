"""What a browser calls itself, in two words a person understands. Pure."""

__all__ = ["device_words"]

# The first that is found counts: nearly every browser also names those it descends from.
BROWSERS = (
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "a Python program"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_words(user_agent: str) -> str:
    """ "Firefox on Linux"; "" when nothing in it is known. Looks at its first 400 characters only."""
    text = user_agent[:400]
    browser = next((words for sign, words in BROWSERS if sign in text), "")
    system = next((words for sign, words in SYSTEMS if sign in text), "")
    return f"{browser} on {system}" if browser and system else browser or system
