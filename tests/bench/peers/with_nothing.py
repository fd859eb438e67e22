"""No memory at all: a plain LangGraph agent that lays the whole conversation before the model.

python -m tests.bench.peers.with_nothing ADDRESS
"""

import sys

from tests.bench.peers.agent import asked
from tests.bench.peers.wire import serve, stay_here


def main(root: str) -> None:
    told: list[str] = []

    def learn(said: list[str]) -> None:
        told.extend(said)

    serve(
        {
            "learn": learn,
            "memories": lambda: told,
            **asked(root, "full", lambda question: "Messages:\n" + "\n".join(told)),
        }
    )


if __name__ == "__main__":
    stay_here()
    main(sys.argv[1])
