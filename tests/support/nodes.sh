#!/usr/bin/env bash
# The tests on Node 22 and 26, besides the rest. They are installed on demand, beside the project.
set -euo pipefail
cd "$(dirname "$0")/../.."
for major in 22 26; do
  npm install --silent --prefix ".matrix/$major" "node@$major"
done
NODES=".matrix/22/node_modules/.bin/node .matrix/26/node_modules/.bin/node" npm test
