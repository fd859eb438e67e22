#!/bin/sh
# Makes .venv with exactly what the lock names and this folder installed in it. `make` calls it when the lock changed.
set -eu
cd "$(dirname "$0")/.."

give_up() {
  printf 'nightdesk: %s\n' "$*" >&2
  exit 2
}

as_root() {
  if [ "$(id -u)" = 0 ]; then printf '%s' "$*"; else printf 'sudo %s' "$*"; fi
}

runs() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 </dev/null
}

python=''
for one in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
  if runs "$one"; then
    python=$one
    break
  fi
done
if [ -z "$python" ]; then
  if [ "$(uname)" = Darwin ]; then how='brew install python@3.13'
  elif ! command -v apt-get >/dev/null; then how='install it with your package manager, or name it: make PYTHON=/path/to/python3'
  elif command -v python3 >/dev/null; then how=$(as_root apt-get install -y python3.11 python3.11-venv)
  else how=$(as_root apt-get install -y python3 python3-venv); fi
  give_up "Python 3.11 or newer is needed: $how"
fi
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
  version=$("$python" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")')
  give_up "$python cannot make a virtual environment: $(as_root apt-get install -y "python$version-venv")"
fi

printf 'Setting up .venv (once; about 700 MB)\n' >&2
if ! runs .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  "$python" -m venv --clear .venv
fi
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX PIP_USER
pip() { .venv/bin/python -m pip "$@" </dev/null; }

# uv installs in seconds what takes pip a minute. It reads none of pip's settings, so those that matter are handed on.
uv() { .venv/bin/python -m uv "$@" </dev/null; }
told() { pip config get "global.$1" 2>/dev/null || true; }
hand_on() { # NAME VALUE: sets what is not set yet
  eval "[ -n \"\${$1:-}\" ]" || { [ -z "$2" ] || export "$1=$2"; }
}
hand_on UV_DEFAULT_INDEX "${PIP_INDEX_URL:-$(told index-url)}"
hand_on UV_FIND_LINKS "${PIP_FIND_LINKS:-$(told find-links)}"
hand_on SSL_CERT_FILE "${PIP_CERT:-$(told cert)}"
export UV_LINK_MODE=copy UV_SYSTEM_CERTS=1 # pip trusts what the system trusts
[ -n "${HOME:-}" ] || export UV_NO_CACHE=1

if pip install --quiet --require-hashes --requirement infra/requirements-uv.txt &&
  uv pip install --quiet --python .venv/bin/python --require-hashes --requirement infra/requirements-dev.txt; then
  :
else
  printf 'uv did not manage; pip does it, which takes a minute.\n' >&2
  pip install --quiet --require-hashes --requirement infra/requirements-dev.txt
fi
# hatchling is in the lock, so nothing is fetched for the folder itself.
pip install --quiet --no-deps --no-index --no-build-isolation --editable .
touch .venv/ready
