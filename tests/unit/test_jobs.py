"""What waits in the queue when the next version is installed is still carried out by it."""

import inspect

import pytest

from bot import jobs
from bot.desk import Desk

ENQUEUED = {
    "answer": ["channel ts"],
    "anticipate": ["scope date_ now"],
    "backfill": ["channel"],
    "conclude": ["scope date_ now"],
    "consolidate": ["scope date_ now"],
    "deliver": ["scope key"],
    "directory": [""],
    "errand": ["scope errand"],
    "expire": [""],
    "file_drafts": ["scope"],
    "give_up": ["channel ts reference"],
    "hello": ["person channel"],
    "hint": ["channel ts"],
    "home": ["person"],
    "ingest": ["channel"],
    "learn": ["date_ now"],
    "look_up": ["channel"],
    "morning": ["person date_"],
    "press": ["event"],
    "settle": ["person"],
    "sleep": ["person date_ now until", "person date_ now"],
    "sync_mail": ["scope"],
    "unsay": ["channel ts"],
}
"""Every task, with all the arguments that any version enqueued it with. New ones are added; none is taken out or changed."""


def _no_desk() -> Desk:
    raise AssertionError("no job is carried out here")


@pytest.mark.parametrize("task", ENQUEUED)
def test_a_job_that_an_earlier_version_enqueued_fits_its_task(task: str) -> None:
    done = jobs.build("", _no_desk).tasks[task].func
    for words in ENQUEUED[task]:
        inspect.signature(done).bind(**dict.fromkeys(words.split(), ""))


def test_a_job_that_lacks_something_does_not_fit_and_a_new_task_is_noted_here() -> None:
    ours = {name: task for name, task in jobs.build("", _no_desk).tasks.items() if "procrastinate." not in name}
    assert ours.keys() == ENQUEUED.keys()
    with pytest.raises(TypeError):
        inspect.signature(ours["sleep"].func).bind(person="", date_="")
