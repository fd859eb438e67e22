"""Runs a graph inside a job: checkpointed, sealed and fenced, so that after a kill another worker goes on with it."""

from typing import Any

from langgraph.graph import StateGraph

from bot.desk import Desk
from bot.store import runs
from bot.store.checkpoints import FencedSaver, serializer
from graphs import anticipate, tasks
from graphs import conclude as following
from graphs import consolidate as remember
from graphs import context as briefing
from graphs import draft as writing
from graphs import errand as working
from graphs import review as reviewing
from graphs.domain import VALUES

WIDTH = 6
"""Model calls of one run side by side."""


def think(
    desk: Desk, run: runs.Run, graph: StateGraph[Any, Any, Any, Any], begins: dict[str, Any], context: Any
) -> dict[str, Any]:
    """Runs a graph to its end, from where an earlier worker left it if one did. Raises `Fenced` when taken over."""
    saver = FencedSaver(desk.store.pool, serializer(desk.keys.seals, CHECKPOINTED, run.id), run)
    compiled = graph.compile(checkpointer=saver)
    config: Any = {"configurable": {"thread_id": run.id}, "max_concurrency": WIDTH}
    left = compiled.get_state(config)
    begun = bool(left.next) and left.values.get("pending") == begins["pending"]
    if left.values and not begun:
        # Something else is to be done than what was left unfinished: that run's result was never saved.
        saver.delete_thread(run.id)
    found = compiled.invoke(None if begun else begins, config, context=context, durability="sync")
    return dict(found)


CHECKPOINTED: tuple[type, ...] = (
    *VALUES, following.Group, following.Concluded, remember.Block, remember.Noted, remember.Related, briefing.Rewritten,
    tasks.ThreadRef, tasks.Batch, tasks.Judged, writing.MailRef, writing.Outcome, reviewing.Open, reviewing.Reviewed,
    anticipate.Candidate, anticipate.Expected, anticipate.Tried,
    *working.CHECKPOINTED,
)  # fmt: skip
"""Every type that a checkpoint may hold; loading one builds nothing else."""
