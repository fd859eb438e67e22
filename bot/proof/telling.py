"""A situation in the words of those who were there: one line for each event, in two ways of saying it."""

import random
from datetime import date

from bot.proof import situation as the
from bot.proof.situation import Event, Situation, Task


def told(situation: Situation, chance: random.Random) -> str:
    head = f"What was said in a small company until the evening of {day_of(situation.evening)} 2027."
    lines = [f"[{day_of(event.on)}] {event.by}: {chance.choice(ways(event))}" for event in situation.events]
    return "\n".join([head, *lines])


def day_of(day: date) -> str:
    return f"{day.day} {day:%B}"


def name_of(task: Task) -> str:
    return f"the {task.name} of {task.project}"


def ways(event: Event) -> tuple[str, ...]:
    match event:
        case the.Budget() | the.BudgetMoved() | the.Bought() | the.Priced() | the.Returned():
            said = _of_money(event)
        case the.Taken() | the.TakenOver() | the.Longer() | the.Waits() | the.Done():
            said = _of_work(event)
        case the.Due() | the.DueMoved():
            said = _of_delivery(event)
        case the.Offered(vendor=vendor, euro=euro):
            said = (f"The offer of {vendor} is {euro:,} euro.", f"{vendor} asks {euro:,} euro.")
        case the.Corrected(vendor=vendor, euro=euro):
            said = (
                f"I was wrong: the offer of {vendor} is {euro:,} euro.",
                f"I take back what I said: {vendor} asks {euro:,} euro.",
            )
        case the.Chatter(text=text):
            said = (text,)
    return said


def _of_money(event: the.Budget | the.BudgetMoved | the.Bought | the.Priced | the.Returned) -> tuple[str, ...]:
    of = event.project
    match event:
        case the.Budget(euro=euro):
            return (f"{of} has a budget of {euro:,} euro.", f"The budget of {of} is {euro:,} euro.")
        case the.BudgetMoved(euro=euro) if euro > 0:
            return (f"{of} gets {euro:,} euro more.", f"We add {euro:,} euro to the budget of {of}.")
        case the.BudgetMoved(euro=euro):
            return (
                f"The budget of {of} is cut by {-euro:,} euro.",
                f"{of} has to give up {-euro:,} euro of its budget.",
            )
        case the.Bought(thing=thing, euro=euro):
            return (f"Ordered the {thing} for {of}, {euro:,} euro.", f"{of} buys the {thing} for {euro:,} euro.")
        case the.Priced(thing=thing, euro=euro):
            return (
                f"The {thing} for {of} cost {euro:,} euro after all.",
                f"The invoice for the {thing} of {of} says {euro:,} euro, and that is what we pay.",
            )
        case the.Returned(thing=thing):
            return (
                f"The {thing} for {of} go back; all the money comes back too.",
                f"{of} does without the {thing}: that order is cancelled and costs nothing.",
            )


def _of_work(event: the.Taken | the.TakenOver | the.Longer | the.Waits | the.Done) -> tuple[str, ...]:
    task = name_of(event.task)
    large = task[0].upper() + task[1:]
    match event:
        case the.Taken(days=days, after=after):
            first = " and ".join(name_of(one) for one in after)
            waits = f" It cannot begin before {first} {'are' if len(after) > 1 else 'is'} done." if after else ""
            return (f"I take {task}, {_days(days)} of work.{waits}", f"{large} is mine: {_days(days)} of work.{waits}")
        case the.TakenOver(before=before):
            return (f"I take over {task} from {before}.", f"From today {task} is mine, no longer {before}'s.")
        case the.Longer(days=days):
            return (f"{large} needs {_days(days)} more than I thought.", f"Add {_days(days)} of work to {task}.")
        case the.Waits(on_task=other):
            return (
                f"{large} has to wait until {name_of(other)} is done as well.",
                f"I see now that {task} cannot begin before {name_of(other)} is done.",
            )
        case the.Done():
            return (f"{large} is done.", f"Finished with {task}.")


def _of_delivery(event: the.Due | the.DueMoved) -> tuple[str, ...]:
    of = event.project
    match event:
        case the.Due(day=day):
            return (f"{of} has to be delivered on {day_of(day)}.", f"The delivery of {of} is on {day_of(day)}.")
        case the.DueMoved(days=days) if days > 0:
            return (
                f"The delivery of {of} moves back by {days} days.",
                f"The customer gives us {days} days more for {of}.",
            )
        case the.DueMoved(days=days):
            return (
                f"The delivery of {of} comes forward by {-days} days.",
                f"The customer wants {of} {-days} days earlier.",
            )


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
