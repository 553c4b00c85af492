import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import test from 'ava'
import { parseResults } from 'ringback'

import { has } from '../lib/page-text.ts'
import { makeResults } from '../lib/made-results.ts'
import { type Outcome, ringback } from './ringback-command.ts'

// `ringback report` as a user runs it, in child processes.

const report = (...args: string[]): Promise<Outcome> => ringback(['report', ...args])

type Context = { teardown: (fn: () => void) => void }

/** A folder with results of two policies, credit/results.json and adaptive.json. */
function makeFolder(t: Context): { folder: string; credit: string; adaptive: string; out: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'ringback-report-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const credit = path.join(folder, 'credit')
  mkdirSync(credit)
  writeFileSync(path.join(credit, 'results.json'), JSON.stringify(makeResults({ policy: 'credit' })))
  const adaptive = path.join(folder, 'adaptive.json')
  writeFileSync(adaptive, JSON.stringify(makeResults({ policy: 'adaptive' })))
  return { folder, credit, adaptive, out: path.join(folder, 'a/b/report.html') }
}

test('a file and a folder beside one another, into a folder that is made', async (t) => {
  const { credit, adaptive, out } = makeFolder(t)
  t.deepEqual(await report(credit, adaptive, '-o', out), { code: 0, stdout: `written: ${out}\n`, stderr: '' })
  t.deepEqual(readdirSync(path.dirname(out)), ['report.html'], 'no temporary file is left')
  const page = readFileSync(out, 'utf8')
  has(t, page, /<h1>guarantee: credit and adaptive<\/h1>/)
  t.true(page.includes(`<td>${credit}</td>`))
})

test('run --out writes report.html, and report makes the same of results.json', async (t) => {
  const { folder, out } = makeFolder(t)
  const run = path.join(folder, 'run')
  t.like(await ringback(['run', 'examples/captures.yaml', '--out', run]), { code: 0 })
  const page = readFileSync(path.join(run, 'report.html'), 'utf8')
  for (const name of ['bulk', 'web', 'voip']) has(t, page, new RegExp(`<title>Throughput over time: ${name}</title>`))
  has(t, page, /<title>Use of the NIC over time: eth0<\/title>/)
  t.like(await report(run, '--out', out), { code: 0 })
  t.is(readFileSync(out, 'utf8'), page)
})

test('a real run is read back as it was written, every key of it', async (t) => {
  for (const file of ['examples/captures.yaml', 'examples/bridge.yaml', 'test/sim/scenarios/costs.yaml']) {
    const { code, stdout } = await ringback(['run', file, '--json'])
    t.is(code, 0, file)
    t.deepEqual(parseResults(stdout), JSON.parse(stdout), file)
  }
})

const wrong: [what: string, args: (f: ReturnType<typeof makeFolder>) => string[], stderr: RegExp][] = [
  ['no results', ({ out }) => ['-o', out], /^error: missing required argument 'results'; see ringback --help\n$/],
  [
    'no page',
    ({ credit }) => [credit],
    /^error: required option '-o, --out <file>' not specified; see ringback --help\n$/,
  ],
  [
    'a file that is not there',
    ({ folder, out }) => [path.join(folder, 'none.json'), '-o', out],
    /^error: cannot read \S+none\.json: no such file or folder; name a results\.json [^\n]+\n$/,
  ],
  [
    'a folder without results',
    ({ folder, out }) => [folder, '-o', out],
    /^error: cannot read \S+results\.json: no such file or folder; name a results\.json [^\n]+\n$/,
  ],
  [
    'what is no results',
    ({ out }) => ['package.json', '-o', out],
    /^error: package\.json: schema: missing, this is no file of results; [^\n]+\n$/,
  ],
  [
    'a page where a folder is',
    ({ adaptive, credit }) => [adaptive, '-o', credit],
    /^error: \S+credit is a folder; name a file in it with --out, as in report\.html\n$/,
  ],
  [
    'a page over the results',
    ({ adaptive, folder }) => [adaptive, '-o', path.join(folder, 'credit/../adaptive.json')],
    /^error: \S+ is to be read and to be written; name another file with --out\n$/,
  ],
  [
    'a page below a file',
    ({ adaptive }) => [adaptive, '-o', path.join(adaptive, 'report.html')],
    /^error: cannot make the folder \S+adaptive\.json: there is a file of that name; [^\n]+\n$/,
  ],
  [
    'too many',
    ({ adaptive, out }) => [...Array<string>(9).fill(adaptive), '-o', out],
    /^error: 9 results are too many for a page; name at most 8\n$/,
  ],
]

for (const [what, args, stderr] of wrong)
  test(`${what}: exit 2 and one line`, async (t) => {
    const files = makeFolder(t)
    const outcome = await report(...args(files))
    t.regex(outcome.stderr, stderr)
    t.deepEqual([outcome.code, outcome.stdout], [2, ''])
    t.false(readdirSync(files.folder, { recursive: true }).some((name) => /\.(html|tmp)$/.test(String(name))))
    t.notThrows(() => parseResults(readFileSync(files.adaptive, 'utf8')), 'what was there is there')
  })

test('a page that cannot be written fails it, exit 1', async (t) => {
  const { adaptive } = makeFolder(t)
  const outcome = await report(adaptive, '-o', '/proc/report.html')
  t.deepEqual([outcome.code, outcome.stdout], [1, ''])
  t.regex(outcome.stderr, /^error: cannot write \/proc\/report\.html: [^\n]+\n$/)
})
