"""mem0, as its documentation uses it: `add` for each conversation, `search` before each answer; its store in a folder.

python -m tests.bench.peers.with_mem0 ADDRESS FOLDER, in an environment that has it. Where spaCy's and fastembed's models are
not there, as here, it goes without lemmas, entities and BM25, and says nothing of it.
"""

import sys
from pathlib import Path

from mem0 import Memory  # type: ignore[import-not-found]

from tests.bench.peers.agent import MEMORIES, asked
from tests.bench.peers.wire import serve, stay_here

OWNER = {"user_id": "office"}
ALL = 1_000_000


def main(root: str, folder: Path) -> None:
    at = {"model": "stand-in", "api_key": "none"}
    memory = Memory.from_config(
        {
            "llm": {"provider": "openai", "config": at | {"openai_base_url": f"{root}/mem0/learn/v1"}},
            "embedder": {
                "provider": "openai",
                "config": at | {"openai_base_url": f"{root}/mem0/embed/v1", "embedding_dims": 512},
            },
            "vector_store": {
                "provider": "qdrant",
                "config": {"path": str(folder / "qdrant"), "embedding_model_dims": 512, "collection_name": "office"},
            },
            "history_db_path": str(folder / "history.db"),
        }
    )

    def learn(said: list[str]) -> None:
        memory.add([{"role": "user", "content": one} for one in said], **OWNER)

    def context(question: str) -> str:
        found = memory.search(question, filters=OWNER, top_k=MEMORIES)["results"]
        return "Memories:\n" + "\n".join(f"- {one['memory']}" for one in found)

    def memories() -> list[str]:
        return [str(one["memory"]) for one in memory.get_all(filters=OWNER, top_k=ALL)["results"]]

    serve({"learn": learn, "memories": memories, **asked(root, "mem0", context)})


if __name__ == "__main__":
    stay_here()
    main(sys.argv[1], Path(sys.argv[2]))
