"""考核统计: on the second of each month, and on demand: freeze what ended, count what is frozen anew (art. 12).

A frozen period whose rows were changed since shows in the run's artifact and in its result.
"""

from prefect import flow
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from blocks.steps import appraising
from blocks.story import TOLD, about, actor


@flow(name="考核统计", description=about("考核统计"), flow_run_name="考核统计", **TOLD)
def appraisal() -> str:
    """Freeze each period once, verify the frozen ones, show the departments' scores."""
    said = appraising.freeze(actor("appraisal", "考核统计"))
    wrong = appraising.verify()
    create_table_artifact(key="appraisal", table=appraising.table(), description="各部门得分")
    report = "；".join([*said, *(wrong or ["已定稿的数据重新计算，逐项相符"])])
    create_markdown_artifact(key="appraisal-verified", markdown=f"# 考核统计\n\n{report}")
    return report
