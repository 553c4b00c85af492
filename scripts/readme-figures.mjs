// Writes the README's figures from the newest file of bench/results, between the two marks.
//   node scripts/readme-figures.mjs [--check]   --check: only says whether they are up to date, exit 1 if not
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

process.env.NO_COLOR = '1'
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const { describeBench } = await import(path.join(root, 'dist', 'cli', 'bench-table.js'))

const folder = path.join(root, 'bench', 'results')
const [from, to] = ['<!-- figures -->\n', '<!-- /figures -->']

/** The newest results by the time in them, not by their names. */
function newest() {
  const all = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name, results: JSON.parse(readFileSync(path.join(folder, name), 'utf8')) }))
    .sort((a, b) => Date.parse(b.results[0].date) - Date.parse(a.results[0].date))
  if (!all[0]) throw new Error('bench/results holds no results: npm run bench')
  return all[0]
}

function figures({ name, results }) {
  const [{ commit, machine, rounds }] = results
  const about =
    `\`npm run bench -- --rounds ${rounds}\`, commit ${commit}, one run on ${machine.cpu} with ${machine.cores} cores; ` +
    `every sample is in [bench/results/${name}](bench/results/${name}). Only the ratios mean something elsewhere: ` +
    'machines are shared and noisy.'
  return [
    wrapped(about, 120),
    '',
    ...results.flatMap((each) => ['```', describeBench(each).trimEnd(), '```', '']),
  ].join('\n')
}

function wrapped(text, width) {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.join('\n')
}

const file = path.join(root, 'README.md')
const readme = readFileSync(file, 'utf8')
const [before, rest] = readme.split(from)
const after = rest?.split(to)[1]
if (after === undefined) throw new Error(`README.md lacks the marks ${from.trim()} and ${to}`)
const wanted = `${before}${from}${figures(newest())}${to}${after}`
if (process.argv.includes('--check')) {
  if (wanted !== readme) {
    console.error('README.md has other figures than the newest of bench/results: node scripts/readme-figures.mjs')
    process.exitCode = 1
  }
} else if (wanted !== readme) {
  writeFileSync(file, wanted)
  console.log('written: README.md')
}
