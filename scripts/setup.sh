# Create the virtual environment, install packages and write .env, each if missing.
# Sourced by scripts/run and scripts/test.

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
fail() { printf 'Error: %s\n' "$*" >&2; exit 1; }

find_python() {
  local candidate
  for candidate in python3.13 python3.12 python3.11 python3 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  fail "Python 3.11 or newer is required, but none is on the PATH."
}

make_environment() {
  local python
  python=$(find_python)
  say "Creating a virtual environment in .venv with $("$python" --version) ($python)"
  "$python" -m venv .venv ||
    fail "python -m venv failed. On Debian: apt install python3-venv."
}

# Show what pip does, without its 400 lines.
show_progress() {
  awk -v all="$(grep -c "==" requirements.txt)" '
    /^Collecting/ { printf "\r    downloaded: %d of %d", ++count, all }
    /^Installing/ { printf "\n    installing them" }
    /^(Collecting|Installing)/ { fflush() }
    END { print "" }'
}

install_packages() {
  say "Installing requirements.txt, which takes some minutes the first time"
  python -m pip install --disable-pip-version-check --progress-bar off \
    -r requirements.txt | show_progress ||
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
