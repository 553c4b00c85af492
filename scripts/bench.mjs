// Measures everything and keeps it: bench/results/<date>-<commit>-<cpu>.json, and the README's figures from it.
//   npm run bench -- --rounds 31
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const folder = path.join(root, 'bench', 'results')

function run(...words) {
  const { status, stdout } = spawnSync(process.execPath, words, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['inherit', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  })
  if (status !== 0) process.exit(status ?? 1)
  return stdout
}

const asWord = (text) =>
  text
    .toLowerCase()
    .replace(/\(r\)|\(tm\)/g, '')
    .match(/[a-z0-9]+/g)
    ?.join('-') ?? 'unknown'

const text = run('dist/cli/main.js', 'bench', '--json', ...process.argv.slice(2))
const [{ date, commit, machine }] = JSON.parse(text)
mkdirSync(folder, { recursive: true })
const file = path.join(folder, `${date.slice(0, 10)}-${commit}-${asWord(machine.cpu)}.json`)
writeFileSync(file, text)
console.log(`written: ${path.relative(root, file)}`)
process.stdout.write(run('scripts/readme-figures.mjs'))
