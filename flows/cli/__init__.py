"""The `choucha` command (抽查): up, demo, import, what people do, status, verify. Thin.

Nothing heavy is imported before it is needed; whatever a person can get wrong ends with a Chinese
sentence, what to do next, and exit code 1.
"""

import logging
import sys

import structlog
import typer

from blocks.errors import InspectionError, RosterError
from flows.cli import (
    appraising,
    backup,
    catalogue,
    checking,  # noqa: F401  (`choucha check` by itself)
    dates,
    exchanging,
    importing,
    messages,
    papers,
    people,
    plans,
    portal,
    publishing,
    records,
    relaying,
    running,
    sheets,
    telling,
    verifying,
)

app = typer.Typer(
    name="choucha", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="部门联合“双随机、一公开”监管：从方案审批到结果公示。先运行 choucha up。")
app.command("up")(running.up)
app.command("demo")(running.demo)
app.command("deploy")(running.deploy)
app.command("portal")(portal.portal)
app.add_typer(relaying.relay, name="relay")
app.command("import")(records.import_roster)
app.command("export")(sheets.export)
app.command("template")(sheets.template)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("status")(telling.status)
app.command("timeline")(telling.timeline)
app.command("verify")(verifying.verify)
app.command("check-trail")(telling.check_trail)
app.add_typer(portal.account, name="account")
app.add_typer(exchanging.platform, name="platform")
app.add_typer(catalogue.catalogue, name="catalogue")
app.add_typer(dates.calendar, name="calendar")
app.add_typer(appraising.appraisal, name="appraisal")
app.command("clocks")(messages.clocks)
app.add_typer(messages.message, name="message")
app.add_typer(plans.plan, name="plan")
app.add_typer(papers.document, name="document")
app.add_typer(people.scheme, name="scheme")
app.add_typer(people.draw, name="draw")
app.add_typer(people.assignment, name="assignment")
app.add_typer(records.recusal, name="recusal")
app.add_typer(records.absence, name="absence")
app.add_typer(records.visit, name="visit")
app.add_typer(records.check, name="check")
app.add_typer(publishing.site, name="site")


def main() -> None:
    """Run the command; tell what went wrong in plain words."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
                        logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        app()
    except RosterError as error:
        importing.problems(error)
        sys.exit(1)
    except InspectionError as error:
        telling.refusal(error)
        sys.exit(1)
