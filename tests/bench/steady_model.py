"""A model that answers every question alike and at once: `python -m tests.bench.steady_model` prints its base URL."""

import threading

from bot.embedded.model import Body, Handler, serving
from tests.bench.measure import say

SAYS = "It ships on 7 December [1].\nThat was decided [1].\nNobody objected [1]."


class Steady(Handler):
    def chat(self, body: Body) -> None:
        self.send_answer(body, SAYS)


if __name__ == "__main__":
    with serving(Steady) as base_url:
        say(base_url)
        threading.Event().wait()
