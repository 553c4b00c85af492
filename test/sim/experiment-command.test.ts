import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import test from 'ava'
import type { ExperimentResults } from 'ringback'

import { smallExperiment } from '../lib/small-experiment.ts'
import { type Outcome, ringback } from './ringback-command.ts'

// `ringback experiment` as a user runs it, in child processes.

/** Runs `ringback experiment`; see ringback-command.ts. */
const experiment = (args: readonly string[], interruptAt?: string): Promise<Outcome> =>
  ringback(['experiment', ...args], interruptAt)

type Context = { teardown: (fn: () => void) => void }

/** A folder with the small experiment in it, changed by `edit`. */
function makeFolder(t: Context, edit: (text: string) => string = (text) => text): { folder: string; file: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'ringback-experiment-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'small.yaml')
  writeFileSync(file, edit(smallExperiment))
  return { folder, file }
}

test('tables: a row a value, the base marked, pairs as matrices', async (t) => {
  const { file } = makeFolder(t)
  const { code, stdout, stderr } = await experiment([file])
  t.deepEqual([code, stderr], [0, ''])
  const lines = stdout.split('\n')
  t.true(lines.every((line) => line.length <= 100 && line === line.trimEnd()))
  t.false(stdout.includes('\u001b'), 'no colour in a pipe')
  t.is(lines[0], 'small: A small one')
  t.regex(stdout, /^32 runs, 160ms simulated; means of 2 seeds, ± 95 % confidence where that is 1 % or more$/m)
  t.regex(stdout, /^half: less than that$/m)
  t.regex(
    stdout,
    /^ +full +full +half +half\nsize +throughput +lost +p50 +p99\n-+\n64 +\S+b\/s +\S+ %.*\n256 .*\n1500 \(base\) /m,
  )
  t.regex(stdout, /^size x ring: both\n\nthroughput, full\n\nsize +ring short +ring long\n-+\n64 +\S+ +\S+\n/m)
})

test('--json prints the results and nothing else; two runs are equal', async (t) => {
  const { file } = makeFolder(t)
  const runs = await Promise.all([1, 2].map(() => experiment([file, '--json'])))
  t.true(runs.every(({ code, stderr }) => code === 0 && stderr === ''))
  const [first, again] = runs.map(({ stdout }) => JSON.parse(stdout) as ExperimentResults)
  t.like(first, { schema: 'ringback.experiment/1', experiment: 'small', aborted: false, runs: 32, seeds: [1, 2] })
  t.deepEqual({ ...first, wallSeconds: 0 }, { ...again, wallSeconds: 0 })
})

test('--json of several is a list', async (t) => {
  const [one, two] = [makeFolder(t), makeFolder(t, (text) => text.replace('name: small', 'name: other'))]
  const { code, stdout } = await experiment([one.file, two.file, '--json'])
  t.is(code, 0)
  const names = (JSON.parse(stdout) as ExperimentResults[]).map(({ experiment }) => experiment)
  t.deepEqual(names, ['small', 'other'])
})

test('--out: results, tables and a page that needs no network, nothing else', async (t) => {
  const { folder, file } = makeFolder(t, (text) => text.replace('title: ring,', "title: 'ring <&>',"))
  const out = path.join(folder, 'a/b')
  const { code, stdout } = await experiment([file, '--out', out])
  t.is(code, 0)
  const files = path.join(out, 'small')
  t.deepEqual(readdirSync(files).sort(), ['report.html', 'results.json', 'tables.txt'], 'no temporary file is left')
  t.is(readFileSync(path.join(files, 'tables.txt'), 'utf8'), stdout.slice(0, -1))
  const results = JSON.parse(readFileSync(path.join(files, 'results.json'), 'utf8')) as ExperimentResults
  t.is(results.tables.length, 4)
  const page = readFileSync(path.join(files, 'report.html'), 'utf8')
  t.is(page.match(/<svg /g)?.length, 4 + 1 + 4 + 4)
  t.false(page.includes('ring <&>'))
  t.true(page.includes('ring &lt;&amp;&gt;'))
  t.regex(page, /\(base\)/)
  t.notRegex(page, /src=|href="(?!#)|NaN|undefined|Infinity/)
})

const claims = (limit: string) => (text: string) =>
  `${text}claims: [{ measure: loss, case: full, at: { size: [64, 256] }, atLeast: ${limit} }]\nverdict: '{loss, full, 64} are lost'\n`

test('claims: the verdict is the last line; what fails is told, and fails the command only with --check', async (t) => {
  const [good, bad] = [makeFolder(t, claims('10 %')), makeFolder(t, claims('100 %'))]
  const [holds, checked, fails, failed] = await Promise.all([
    experiment([good.file]),
    experiment([good.file, '--check', '--json']),
    experiment([bad.file]),
    experiment([bad.file, '--check', '--json']),
  ])
  t.deepEqual([holds.code, checked.code, fails.code, failed.code], [0, 0, 0, 1])
  t.deepEqual([holds.stderr, checked.stderr, fails.stderr], ['', '', ''])
  t.regex(holds.stdout, /\nsmall: \S+ % \S*\s?are lost: 2 of 2 claims hold\n\n$/)
  t.regex(
    fails.stdout,
    /\nsmall: .* are lost: 0 of 2 claims hold; not: 64, full: lost at least 100\.0 % \(it is .*\); 256, full: .*\n\n$/,
  )
  t.regex(failed.stderr, /^error: small: 0 of 2 claims hold; not: 64, full: [^\n]*\n$/)
  const { claims: judged } = JSON.parse(failed.stdout) as ExperimentResults
  t.deepEqual(
    judged.map(({ finding }) => finding),
    ['fails', 'fails'],
  )
})

test('--out of an experiment with claims: the runs of its first table beside one another, a page a case', async (t) => {
  const { folder, file } = makeFolder(t, claims('10 %'))
  const { code } = await experiment([file, '--out', folder])
  t.is(code, 0)
  const files = readdirSync(path.join(folder, 'small')).sort()
  t.deepEqual(files, ['report.html', 'results.json', 'runs-full.html', 'runs-half.html', 'tables.txt'])
  const page = readFileSync(path.join(folder, 'small/runs-full.html'), 'utf8')
  for (const label of ['64', '256', '1500']) t.true(page.includes(`>${label}<`), label)
  // Where two runs have one name, each is numbered.
  t.notRegex(page, />\d: 64</)
})

test('Ctrl-C stops it, says so in one line and keeps what was finished', async (t) => {
  const first = makeFolder(t)
  // It takes for ever, and is under way when the first one has written its results.
  const { folder, file } = makeFolder(t, (text) =>
    text
      .replace('name: small', 'name: endless')
      .replace('duration: 5ms', 'duration: 720h')
      .replace('  payload: none', '  payload: none\n  output: { interval: 1h }'),
  )
  const out = path.join(folder, 'out')
  const { code, stdout, stderr } = await experiment(
    [first.file, file, '--out', out, '--json'],
    path.join(out, 'small/results.json'),
  )
  t.deepEqual([code, stdout], [130, ''])
  t.regex(stderr, /^interrupted after 0 runs of endless; 0 finished rows are in \S+endless\n$/)
  const resultsOf = (name: string) =>
    JSON.parse(readFileSync(path.join(out, name, 'results.json'), 'utf8')) as ExperimentResults
  t.like(resultsOf('small'), { aborted: false, runs: 32 })
  t.like(resultsOf('endless'), { aborted: true, runs: 0 })
  t.regex(readFileSync(path.join(out, 'endless/report.html'), 'utf8'), /rows are missing/)
})

test('a folder that cannot be written to fails it, exit 1 and one line', async (t) => {
  const { folder, file } = makeFolder(t)
  mkdirSync(path.join(folder, 'out/small/results.json'), { recursive: true })
  const { code, stderr } = await experiment([file, '--out', path.join(folder, 'out')])
  t.is(code, 1)
  t.regex(stderr, /^error: cannot write \S+results\.json: [^\n]+\n$/)
  t.deepEqual(readdirSync(path.join(folder, 'out/small')), ['results.json'], 'no temporary file is left')
})

const bad: [what: string, args: (file: string) => string[], stderr: RegExp, edit?: (text: string) => string][] = [
  ['an unknown name', () => ['io-factor'], /^error: there is no experiment "io-factor"; .*\n$/],
  [
    'a file that is not there',
    () => ['no/such.yaml'],
    /^error: cannot read no\/such\.yaml: no such file or folder; name an experiment, as in experiments\/\n$/,
  ],
  ['one experiment twice', (file) => [file, file], /^error: the experiment "small" is named twice; name it once\n$/],
  [
    'a file with a wrong value',
    (file) => [file, '--json'],
    /^error: \S+small\.yaml:19: factors\.size\.values\[1\]: 59 is too small; [^\n]+\n$/,
    (text) => text.replace('[64, 256', '[64, 59'),
  ],
  [
    'a file with an unknown key',
    (file) => [file],
    /^error: \S+small\.yaml:3: ask: unknown key; did you mean "asks"\?\n$/,
    (text) => text.replace('asks:', 'ask:'),
  ],
  ['a folder that is a file', (file) => [file, '--out', file], /^error: cannot make the folder \S+: [^\n]+\n$/],
]

for (const [what, args, message, edit] of bad)
  test(`${what}: exit 2, one line, nothing printed or written`, async (t) => {
    const { folder, file } = makeFolder(t, edit)
    const { code, stdout, stderr } = await experiment(args(file))
    t.deepEqual([code, stdout], [2, ''])
    t.regex(stderr, message)
    t.deepEqual(readdirSync(folder), ['small.yaml'])
  })
