"""langmem, as its documentation uses it: a store manager that learns in the background, a search before each answer.

python -m tests.bench.peers.with_langmem ADDRESS, in an environment that has it.
"""

import sys

from langchain_core.messages import HumanMessage
from langchain_openai import OpenAIEmbeddings
from langgraph.store.memory import InMemoryStore
from langmem import create_memory_store_manager  # type: ignore[import-not-found]

from tests.bench.peers.agent import MEMORIES, asked, chat
from tests.bench.peers.wire import serve, stay_here

SPACE = ("office",)
ALL = 1_000_000


def main(root: str) -> None:
    embedder = OpenAIEmbeddings(
        model="stand-in",
        base_url=f"{root}/langmem/embed/v1",
        api_key="none",  # type: ignore[arg-type]
        check_embedding_ctx_length=False,
    )
    store = InMemoryStore(index={"dims": 512, "embed": embedder})
    manager = create_memory_store_manager(chat(f"{root}/langmem/learn/v1"), namespace=SPACE, store=store)

    def learn(said: list[str]) -> None:
        manager.invoke({"messages": [HumanMessage(one) for one in said]})

    def context(question: str) -> str:
        found = store.search(SPACE, query=question, limit=MEMORIES)
        return "Memories:\n" + "\n".join(f"- {one.value['content']['content']}" for one in found)

    def memories() -> list[str]:
        return [str(one.value["content"]["content"]) for one in store.search(SPACE, limit=ALL)]

    serve({"learn": learn, "memories": memories, **asked(root, "langmem", context)})


if __name__ == "__main__":
    stay_here()
    main(sys.argv[1])
