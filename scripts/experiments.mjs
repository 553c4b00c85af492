// Runs the experiments and keeps what they give: experiments/results/NAME.json, and the tables in docs/NAME.md from it.
//   node scripts/experiments.mjs [--check] [NAME...]   without names all of them; --check: runs nothing, says whether the tables are those of the results, exit 1 if not
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

import { root, runNode } from './run-node.mjs'

process.env.NO_COLOR = '1'
const { describeClaims, describeTable } = await import(path.join(root, 'dist', 'cli', 'experiment-table.js'))
const folder = path.join(root, 'experiments', 'results')
const args = process.argv.slice(2)
const isCheck = args.includes('--check')
const wanted = args.filter((word) => word !== '--check')
const all = readdirSync(path.join(root, 'experiments'))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length))
const names = wanted.length > 0 ? wanted : all
for (const name of wanted)
  if (!all.includes(name)) throw new Error(`there is no experiment ${name}; there are ${all.join(', ')}`)

const run = (name) => runNode('dist/cli/main.js', 'experiment', name, '--json')

/** What is the same on every machine. */
const timeless = (text) => JSON.stringify({ ...JSON.parse(text), wallSeconds: 0 })

function write(file, text) {
  writeFileSync(file, text)
  console.log(`written: ${path.relative(root, file)}`)
}

function keep(name) {
  const file = path.join(folder, `${name}.json`)
  const text = run(name)
  mkdirSync(folder, { recursive: true })
  if (!existsSync(file) || timeless(readFileSync(file, 'utf8')) !== timeless(text)) write(file, text)
}

/** The document with the tables of the results: a fenced block behind each mark `<!-- table: NAME -->`, and behind `<!-- claims -->`. */
function withTables(text, { tables, claims, verdict }) {
  const seen = new Set()
  const filled = text.replace(/(<!-- table: (.+) -->\n)```\n[^]*?```\n/g, (_, mark, name) => {
    const table = tables.find((each) => each.name === name)
    if (!table) throw new Error(`the results have no table ${name}`)
    seen.add(name)
    return `${mark}\`\`\`\n${describeTable(table)}\`\`\`\n`
  })
  const judged = filled.replace(
    /(<!-- claims -->\n)```\n[^]*?```\n/,
    (_, mark) => `${mark}\`\`\`\n${describeClaims(claims)}\n\n${verdict}\n\`\`\`\n`,
  )
  if (claims.length > 0 && !filled.includes('<!-- claims -->')) throw new Error('there is no mark <!-- claims -->')
  const missing = tables.filter(({ name }) => !seen.has(name)).map(({ name }) => name)
  if (missing.length > 0) throw new Error(`there is no mark <!-- table: ... --> for ${missing.join(', ')}`)
  return judged
}

for (const name of names) {
  if (!isCheck) keep(name)
  const file = path.join(root, 'docs', `${name}.md`)
  const text = readFileSync(file, 'utf8')
  const filled = withTables(text, JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8')))
  if (filled === text) continue
  if (isCheck) {
    console.error(
      `docs/${name}.md has other tables than experiments/results/${name}.json: node scripts/experiments.mjs`,
    )
    process.exitCode = 1
  } else write(file, filled)
}
