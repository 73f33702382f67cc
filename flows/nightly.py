"""夜间任务: once a night: sweep, publish what is reviewed, open what the annual plan foresees, check
trail, calendar and people (G9, G18, art. 14).

After downtime Prefect runs every missed one; a lock in the register lets only one work.
"""

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from blocks.steps import exchanging, nightshift, planning, publishing, reminding, sweeping, watching
from blocks.story import TOLD, about, actor


@flow(name="夜间任务", description=about("夜间任务"), flow_run_name="夜间任务", **TOLD)
def nightly() -> str:
    """Do the night's work in one run; each part stands by itself."""
    who = actor("nightly", "夜间任务")
    with watching.round_of("nightly") as alone:
        if not alone:
            return "另一个夜间任务正在进行"
        said = [publishing.publish(scheme_id, who) for scheme_id in publishing.waiting_schemes()]
        said += [planning.open_schemes(who), planning.remind_drafts(), planning.publish_pages()]
        said += [sweeping.sweep(), nightshift.check_trail(), nightshift.recount_provisional(who),
                 nightshift.check_calendar(), nightshift.refresh_lists(),
                 nightshift.find_unfit(), publishing.make_figures(), exchanging.reconcile(who)]
        said.append(f"督办函{reminding.issue_letters(who)}份，新增提醒{reminding.queue_reminders()}份（上班后发出）")
        nightshift.tidy()
        said.append(nightshift.measure())
    watching.tell_outside()
    report = "\n".join(f"- {sentence}" for sentence in said if sentence)
    create_markdown_artifact(key="nightly", markdown=f"# 夜间任务\n\n{report}")
    return report
