// Takes checks out, one after another, and asks whether a test goes red.
//   npm run test:mutations -- [--only REGEXP] [--write docs/checks.md]
//
// test/mutations/*.json are the tables: a row is a check or an attack, a mutation says which text of native/ to
// replace by what, and which test case must then fail. All mutations are compiled into one program, each behind a
// switch (Untch's mutant schemata), so there is one build and a mutation costs one run of one test case:
//   an expression   find             ->  (RB_MUTANT(7) ? (replace) : (find))
//   a statement     find;            ->  { if (RB_MUTANT(7)) { replace } else { find; } }
// The tree is copied to cmake-build/mutations with only the test files that are needed. Exit 1: a mutation survived, or
// a test case fails without any; exit 2: a table is wrong.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { clearTimeout, setTimeout } from 'node:timers'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const work = path.join(root, 'cmake-build', 'mutations')
const tree = path.join(work, 'tree')
const build = path.join(work, 'build')
const timeoutMs = 60_000
/** All test cases of a suite, one after another. */
const suiteTimeoutMs = 600_000
const memoryKiB = 8 * 1024 * 1024

const header = `#pragma once
#include <cstdlib>
#include <type_traits>
namespace ringback_mutation {
inline const int active = [] { const char* n = std::getenv("RINGBACK_MUTANT"); return n ? std::atoi(n) : 0; }();
constexpr bool is_active(int n) { return std::is_constant_evaluated() ? false : n == active; }
}
#define RB_MUTANT(n) (::ringback_mutation::is_active(n))
`

function fail(message) {
  console.error(message)
  process.exit(2)
}

/** What is wrong with the tables: all of it is told at once. */
const problems = []

// ---- tables

function readTables() {
  const folder = path.join(root, 'test', 'mutations')
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return names.sort().map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')))
}

/** Every mutation with its row and a number from 1. */
function number(tables) {
  const rows = tables.flatMap((table) => table.rows)
  const mutants = rows.flatMap((row) => (row.mutations ?? []).map((mutation) => ({ row: row.row, ...mutation })))
  return mutants.map((mutant, i) => ({ ...mutant, number: i + 1 }))
}

/** Where `text` stands in `whole`, which must have it exactly once. */
function onlyIndex(whole, text, mutant) {
  const at = whole.indexOf(text)
  if (at < 0 || whole.indexOf(text, at + 1) >= 0)
    problems.push(`${mutant.file}: ${at < 0 ? 'no' : 'more than one'} ${JSON.stringify(text)} (${mutant.row})`)
  return at
}

function place(source, mutant) {
  const from = mutant.in ? onlyIndex(source, mutant.in, mutant) : 0
  const at = from + onlyIndex(mutant.in ?? source, mutant.find, mutant)
  return { mutant, begin: at, end: at + mutant.find.length }
}

function wrap(text, { number: n, find, replace }) {
  const isStatement = /;[\s\S]*\}$|;$/.test(find) // `Type{1, 2}` is an expression
  return isStatement
    ? `{ if (RB_MUTANT(${n})) { ${replace} } else { ${text} } }`
    : `(RB_MUTANT(${n}) ? (${replace}) : (${text}))`
}

/** The source with each mutation behind its switch. Places may be equal or nested, not overlap by halves. */
function instrument(source, mutants) {
  const places = mutants.map((mutant) => place(source, mutant))
  const render = (begin, end, inside) => {
    let text = ''
    let at = begin
    const outermost = inside.filter((a) => !inside.some((b) => b !== a && contains(b, a)))
    for (const outer of outermost.sort((a, b) => a.begin - b.begin)) {
      if (outer.begin < at)
        problems.push(`${outer.mutant.file}: places overlap at ${JSON.stringify(outer.mutant.find)}`)
      const within = inside.filter((other) => other !== outer && contains(outer, other))
      text += source.slice(at, outer.begin) + wrap(render(outer.begin, outer.end, within), outer.mutant)
      at = outer.end
    }
    return text + source.slice(at, end)
  }
  return render(0, source.length, places)
}
function contains(a, b) {
  if (a.begin === b.begin && a.end === b.end) return a.mutant.number < b.mutant.number
  return a.begin <= b.begin && b.end <= a.end
}

// ---- the tree

function filesBelow(folder) {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((name) => statSync(path.join(root, name)).isFile())
}

/** Writes what has changed, so that the next build only makes what depends on it. */
function writeTree(contents) {
  for (const [name, text] of contents) {
    const file = path.join(tree, name)
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  for (const folder of ['native', 'test']) {
    if (!existsSync(path.join(tree, folder))) continue
    for (const name of readdirSync(path.join(tree, folder), { recursive: true, encoding: 'utf8' })) {
      const file = path.join(folder, name)
      if (statSync(path.join(tree, file)).isFile() && !contents.has(file)) rmSync(path.join(tree, file))
    }
  }
}

function makeTree(mutants) {
  const contents = new Map()
  const sources = new Map(
    ['native', 'test'].flatMap(filesBelow).map((name) => [name, readFileSync(path.join(root, name), 'utf8')]),
  )
  const wanted = new Set(mutants.map((mutant) => mutant.test))
  const isWanted = (text) => [...wanted].some((test) => text.includes(`"${test}"`))
  for (const [name, text] of sources) {
    const isTest = /^test\/.*_test\.cc$/.test(name)
    if (isTest && !isWanted(text)) continue
    if (/\.(cc|h|gypi)$/.test(name) || /^test\/vectors\/.*\.json$/.test(name)) contents.set(name, text)
  }
  for (const test of wanted)
    if (![...contents].some(([name, text]) => name.startsWith('test/') && text.includes(`"${test}"`)))
      problems.push(`no test case ${JSON.stringify(test)}`)
  for (const file of new Set(mutants.map((mutant) => mutant.file))) {
    if (!sources.has(file)) {
      problems.push(`no file ${file}`)
      continue
    }
    contents.set(
      file,
      instrument(
        sources.get(file),
        mutants.filter((mutant) => mutant.file === file),
      ),
    )
  }
  if (problems.length > 0) fail(problems.join('\n'))
  contents.set('CMakeLists.txt', readFileSync(path.join(root, 'CMakeLists.txt'), 'utf8'))
  contents.set('rb_mutant.h', header)
  writeTree(contents)
  return contents
}

function run(file, args) {
  const { status } = spawnSync(file, args, { cwd: work, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) fail(`${file} failed: a replacement does not compile, or the sources do not`)
}

function compile(suites) {
  // No debug information: it is most of the link. Bounds of spans and vectors are checked, as in no other build.
  const flags = `-O0 -w -D_GLIBCXX_ASSERTIONS -include ${path.join(tree, 'rb_mutant.h')}`
  const options = { BUILD_TESTS: 'ON', BUILD_ADDON: 'OFF', CMAKE_BUILD_TYPE: 'Debug', CMAKE_CXX_FLAGS_DEBUG: flags }
  const ninja = spawnSync('ninja', ['--version']).status === 0 ? ['-G', 'Ninja'] : []
  run('cmake', ['-S', tree, '-B', build, ...ninja, ...Object.entries(options).map(([k, v]) => `-D${k}=${v}`)])
  run('cmake', ['--build', build, '-j', String(os.availableParallelism()), '--target', ...suites])
}

// ---- runs

/** A doctest filter; a comma would separate filters, and templates append their type. */
const filterOf = (test) => `${test.replaceAll(/[,\\[\]]/g, '?')}*`

function runTests(suite, tests, mutant, limitMs = timeoutMs) {
  const program = path.join(build, suite)
  // doctest's program knows its options by this prefix; the shell bounds the memory that a mutation may take.
  const args = [
    '-c',
    `ulimit -v ${memoryKiB}; exec "$0" "$@"`,
    program,
    `-tc=${tests.map(filterOf).join(',')}`,
    '--no-colors=true',
  ]
  const env = { ...process.env, RINGBACK_MUTANT: String(mutant) }
  return new Promise((resolve) => {
    const child = spawn('bash', args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const keep = (chunk) => {
      if (output.length < 4_000_000) output += chunk
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
    }, limitMs)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, output, timedOut })
    })
  })
}

function verdict({ code, output, timedOut }) {
  if (timedOut) return 'an endless loop'
  if (/test cases:\s+0 \|/.test(output)) return 'no test selected'
  if (/assertion failed:/.test(output)) return 'an assertion of the code'
  if (code === 0) return 'nothing'
  return /fatal error|SIG[A-Z]+ -/.test(output) ? 'a crash' : 'the test'
}
const isKilled = (by) => by !== 'nothing' && by !== 'no test selected'

async function runAll(mutants) {
  const results = new Map()
  const waiting = [...mutants]
  let done = 0
  const worker = async () => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const by = verdict(await runTests(suiteOf(mutant), [mutant.test], mutant.number))
      results.set(mutant.number, by)
      const mark = isKilled(by) ? 'killed  ' : 'SURVIVED'
      console.log(`${String(++done).padStart(3)}/${mutants.length} ${mark} ${mutant.row}: ${mutant.what} (${by})`)
    }
  }
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker))
  return results
}

let suites = new Map()
const suiteOf = (mutant) => suites.get(mutant.test)

/** Which program holds which test case. */
function findSuites(contents, mutants) {
  const found = new Map()
  for (const { test } of mutants)
    for (const [name, text] of contents)
      if (/_test\.cc$/.test(name) && text.includes(`"${test}"`)) found.set(test, `${name.split('/')[1]}_tests`)
  return found
}

async function checkUnmutated(mutants) {
  for (const suite of new Set(suites.values())) {
    const tests = [...new Set(mutants.filter((mutant) => suiteOf(mutant) === suite).map((mutant) => mutant.test))]
    if (tests.length === 0) continue
    const result = await runTests(suite, tests, 0, suiteTimeoutMs)
    if (result.code !== 0) {
      console.error(result.output)
      console.error(`${suite}: test cases ${result.timedOut ? 'do not end' : 'fail'} without any mutation`)
      process.exit(1)
    }
  }
}

// ---- the report

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

function report(tables, mutants, results) {
  const killed = [...results.values()].filter(isKilled).length
  const rows = tables.flatMap((table) => table.rows)
  const absent = rows.filter((row) => row.notApplicable)
  const lines = [
    '# Checks, and how each was seen to matter',
    '',
    "Xen's rules for a network back end, the attacks that taught them, the rules of a front end and a hypervisor, and what",
    'the simulator relies on, a row each. Every mutation takes one check out of the code and runs one test case, which must',
    'then fail. `npm run test:mutations -- --write docs/checks.md` made this page from test/mutations.',
    '',
    `${rows.length} rows, ${mutants.length} mutations of ${new Set(mutants.map((m) => m.file)).size} files, ${killed} killed; ${absent.length} rows are not applicable here and say why.`,
  ]
  let next = 0
  for (const table of tables) {
    lines.push('', `## ${table.title}`, '')
    lines.push('| row | taken out | test that fails | file | killed by |', '| --- | --- | --- | --- | --- |')
    for (const row of table.rows) {
      if (row.notApplicable) lines.push(`| ${cell(row.row)} | | not applicable: ${cell(row.notApplicable)} | | |`)
      for (const mutation of row.mutations ?? [])
        lines.push(
          `| ${cell(row.row)} | ${cell(mutation.what)} | ${cell(mutation.test)} | ${mutation.file} | ${results.get(++next)} |`,
        )
    }
  }
  return `${lines.join('\n')}\n`
}

const { values } = parseArgs({ options: { only: { type: 'string' }, write: { type: 'string' } } })
if (values.only && values.write) fail('--write needs every mutation: leave --only out')
const tables = readTables()
const mutants = number(tables)
const chosen = values.only
  ? mutants.filter((mutant) =>
      new RegExp(values.only, 'i').test(`${mutant.row} ${mutant.what} ${mutant.file} ${mutant.test}`),
    )
  : mutants
mkdirSync(work, { recursive: true })
const contents = makeTree(mutants)
if (chosen.length === 0) fail(`no mutation matches ${values.only}`)
suites = findSuites(contents, mutants)
compile([...new Set(suites.values())])
await checkUnmutated(chosen)
const results = await runAll(chosen)
const survivors = chosen.filter((mutant) => !isKilled(results.get(mutant.number)))
for (const mutant of survivors)
  console.error(
    `survived: ${mutant.row}: ${mutant.what} (${mutant.file}; ${mutant.test}): ${results.get(mutant.number)}`,
  )
console.log(`${chosen.length} mutations, ${chosen.length - survivors.length} killed, ${survivors.length} survived`)
if (values.write) writeFileSync(path.join(root, values.write), report(tables, mutants, results))
process.exit(survivors.length === 0 ? 0 : 1)
