# Create the virtual environment, install packages and write .env, each if missing.
# Sourced by scripts/run and scripts/test.

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
fail() { printf 'Error: %s\n' "$*" >&2; exit 1; }

find_python() {
  local candidate
  for candidate in python3.13 python3.12 python3.11 python3 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  fail "Python 3.11 or newer is required, but none is on the PATH."
}

make_environment() {
  local python
  python=$(find_python)
  say "Creating a virtual environment in .venv with $($python --version)"
  "$python" -m venv .venv ||
    fail "python -m venv failed. On Debian: apt install python3-venv."
}

install_packages() {
  say "Installing requirements.txt"
  python -m pip install --quiet --disable-pip-version-check -r requirements.txt ||
    fail "pip could not install requirements.txt; see above."
  cp requirements.txt .venv/installed.txt
}

make_env_file() {
  say "Writing .env from .env.example with a new SECRET_KEY"
  python - <<'PYTHON'
import os, re, secrets
from pathlib import Path

text = Path(".env.example").read_text()
text = re.sub(r"(?m)^SECRET_KEY=.*$", f"SECRET_KEY={secrets.token_urlsafe(48)}", text)
with open(os.open(".env", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
    file.write(text)
PYTHON
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ -x .venv/bin/python ] || make_environment
. .venv/bin/activate
cmp -s requirements.txt .venv/installed.txt || install_packages
[ -f .env ] || make_env_file
