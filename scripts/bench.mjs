// Measures everything and keeps it: bench/results/<date>-<commit>-<cpu>.json, and the README's figures from it.
//   npm run bench -- --rounds 31
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

import { root, runNode } from './run-node.mjs'

const folder = path.join(root, 'bench', 'results')

const asWord = (text) =>
  text
    .toLowerCase()
    .replace(/\(r\)|\(tm\)/g, '')
    .match(/[a-z0-9]+/g)
    ?.join('-') ?? 'unknown'

const text = runNode('dist/cli/main.js', 'bench', '--json', ...process.argv.slice(2))
const [{ date, commit, machine }] = JSON.parse(text)
mkdirSync(folder, { recursive: true })
const file = path.join(folder, `${date.slice(0, 10)}-${commit}-${asWord(machine.cpu)}.json`)
writeFileSync(file, text)
console.log(`written: ${path.relative(root, file)}`)
process.stdout.write(runNode('scripts/readme-figures.mjs'))
