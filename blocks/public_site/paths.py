"""Where what stands on the site: short folders, so that a change touches few of them."""

from datetime import date


def of_business(uscc: str) -> str:
    """Return the page of a business; its code says where it stands, to people and to search.js."""
    return f"businesses/{uscc[13:16]}/{uscc}.html"


def of_result(check_id: int, number: int) -> str:
    """Return the file of one version of a result."""
    return f"results/{check_id // 10_000}/{check_id // 100 % 100:02}/{check_id}-{number}.json"


def of_scheme(code: str) -> str:
    return f"schemes/{code}.html"


def of_day(day: date) -> str:
    """Return the page of what was published on a day."""
    return f"days/{day.year}/{day.isoformat()}.html"


def of_month(day: date, ending: str) -> str:
    """Return the open data of what was published in a month: csv or json."""
    return f"data/{day.year}-{day.month:02}.{ending}"


def of_data_of_day(day: date, ending: str) -> str:
    """Return the open data of a day that its month does not hold yet: csv or json."""
    return f"data/{day.isoformat()}.{ending}"


def depth(path: str) -> str:
    """Return the way from a page up to the front page's folder: "../" for each folder."""
    return "../" * path.count("/")
