import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import test, { type ExecutionContext } from 'ava'
import type { BenchResults } from 'ringback'

import { fakePrograms, printing } from './fake-programs.ts'
import { checkMarkup } from './page-text.ts'

// `ringback bench` as a user runs it, with programs that print what suits the test.

const awkward = 'peer <1> & "2"'
const rows = [
  ...[1, 2, 1000].map((at) => ({ peer: "netback's arithmetic", job: 'decades', unit: 'ns', at, value: 0.7 * at })),
  ...[1, 2, 1000].map((at) => ({ peer: awkward, job: 'decades', unit: 'ns', at, value: 1.4 * at })),
  // A sample of three that a busy machine spoilt goes beyond the chart.
  ...[0.01, 3, 3, 900].map((value) => ({ peer: 'many 0', job: 'many', unit: 'M packets/s', at: 1, value })),
  ...Array.from({ length: 12 }, (_, i) => ({
    peer: `many ${i}`,
    job: 'many',
    unit: 'M packets/s',
    at: 1,
    value: 1 + i,
  })),
]

const patienceMs = 120_000

interface Outcome {
  code: number
  stdout: string
  stderr: string
}

function node(t: ExecutionContext, ...words: string[]): Promise<Outcome> {
  t.timeout(patienceMs)
  const options = { env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 1 << 26 }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, words, options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}

function benchShaper(t: ExecutionContext, ...words: string[]): Promise<Outcome> {
  const programs = fakePrograms(t, { shaper_bench: printing(rows) })
  return node(t, 'dist/cli/main.js', 'bench', 'shaper', '--rounds', '2', '--at', '1', '--programs', programs, ...words)
}

function folder(t: ExecutionContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'ringback-bench-'))
  t.teardown(() => rmSync(made, { recursive: true }))
  return made
}

test.serial('tables name who is how many times faster than the baseline', async (t) => {
  const { stdout, stderr, code } = await benchShaper(t)
  t.is(code, 0, stderr)
  t.regex(stdout, /^shaper: .*; median \[min-max\] of 2\nx: how many times faster than netback's arithmetic in C\+\+/)
  t.regex(stdout, /^peer +buckets 1 +buckets 2 +buckets 1000$/m)
  t.regex(stdout, /^netback's arithmetic, C\+\+ +0\.7 \[0\.7-0\.7\] +1\.4 \[1\.4-1\.4\] +700 \[700-700\]$/m)
  t.regex(
    stdout,
    /^peer <1> & "2", C\+\+ +1\.4 \[1\.4-1\.4\] +2\.8 \[2\.8-2\.8\] +1400 \[1400-1400\]\n +0\.50x +0\.50x +0\.50x$/m,
  )
})

test.serial('--out FOLDER holds the results and a page of charts that needs nothing else', async (t) => {
  const out = path.join(folder(t), 'a', 'b')
  const { code, stderr, stdout } = await benchShaper(t, '--out', out)
  t.is(code, 0, stderr)
  t.true(stdout.endsWith(`written: ${out}/bench.json, ${out}/bench.html\n`))
  t.deepEqual(readdirSync(out).sort(), ['bench.html', 'bench.json'])
  const results = JSON.parse(readFileSync(path.join(out, 'bench.json'), 'utf8')) as BenchResults
  t.is(results.schema, 'ringback.bench/1')
  const page = readFileSync(path.join(out, 'bench.html'), 'utf8')
  checkMarkup(t, page)
  t.notRegex(page, /https?:|src=|href="(?!#)|@import|url\(|NaN|undefined|Infinity/)
  t.is([...page.matchAll(/<svg [^>]*role="img"><title>[^<]+<\/title>\n<desc>/g)].length, 3)
  t.regex(page, /prefers-color-scheme: dark/)
  t.regex(page, /@media print/)
  t.false(page.includes(awkward))
  for (const peer of new Set(results.rows.map(({ peer: name }) => name))) {
    const escaped = peer.replace(
      /[&<>"']/g,
      (found) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39' }[found]};`,
    )
    t.true(page.split(escaped).length > 2, `${peer} is in a chart and in a table`)
  }
})

/** Of each drawing, where its marks, texts and spreads are. */
function placesOf(page: string): { width: number; height: number; places: [x: number, y: number][] }[] {
  return [...page.matchAll(/<svg viewBox="0 0 (\d+) ([\d.]+)"[^]*?<\/svg>/g)].map(([svg, width, height]) => {
    const spreads = [...svg.matchAll(/d="([^"]+)" class="spread/g)].map(([, path = '']) => path).join()
    const others = [...svg.matchAll(/translate\([^)]+\)|<text x="[-\d.]+" y="[-\d.]+"/g)].join()
    const places = [...`${spreads},${others}`.matchAll(/(-?[\d.]+)(?:,|" y=")(-?[\d.]+)/g)].map(
      ([, x, y]): [number, number] => [Number(x), Number(y)],
    )
    return { width: Number(width), height: Number(height), places }
  })
}

test.serial('everything in a chart is inside it, and fourteen series differ in more than colour', async (t) => {
  const out = folder(t)
  t.is((await benchShaper(t, '--out', path.join(out, 'x.html'))).code, 0)
  const page = readFileSync(path.join(out, 'x.html'), 'utf8')
  const drawings = placesOf(page)
  t.is(drawings.length, 3)
  for (const { width, height, places } of drawings) {
    t.true(places.length > 3)
    for (const [x, y] of places) t.true(0 <= x && x < width && 0 <= y && y <= height, `${x}, ${y}`)
  }
  const many = /<title>[^<]*many[^]*?<\/svg>/.exec(page)?.[0] ?? ''
  const looks = [...many.matchAll(/<path d="([^"]+)" class="(full|hollow) mark\d+" transform/g)].map(
    ([, d, look]) => `${d} ${look}`,
  )
  t.is(looks.length, 12)
  t.is(new Set(looks).size, 12)
})

test.serial('--out FILE.json and FILE.html write that file alone; --json prints the results alone', async (t) => {
  const out = folder(t)
  const { code, stdout } = await benchShaper(t, '--json', '--out', path.join(out, 'x.json'))
  t.is(code, 0)
  t.deepEqual(readdirSync(out), ['x.json'])
  t.is(readFileSync(path.join(out, 'x.json'), 'utf8'), stdout)
  t.is((JSON.parse(stdout) as BenchResults).benchmark, 'shaper')
  t.is((await benchShaper(t, '--out', path.join(out, 'y.html'))).code, 0)
  t.deepEqual(readdirSync(out).sort(), ['x.json', 'y.html'])
})

test.serial('without a name all benchmarks run, and their results are a list', async (t) => {
  const words = ['dist/cli/main.js', 'bench', '--rounds', '1', '--at', '4', '--json', '--programs', fakePrograms(t, {})]
  const { code, stdout, stderr } = await node(t, ...words)
  t.is(code, 0, stderr)
  const all = JSON.parse(stdout) as BenchResults[]
  t.deepEqual(
    all.map(({ benchmark }) => benchmark),
    ['rings', 'copy', 'shaper', 'bond', 'sim', 'control'],
  )
  for (const { rows: measured, benchmark } of all) {
    t.true(measured.some(({ at }) => at === 4))
    t.true(
      measured.every(({ at, job }) => at === 4 || job === 'round trip'),
      benchmark,
    )
  }
})

test.serial("the README's figures are those of the newest results", async (t) => {
  const { code, stderr } = await node(t, 'scripts/readme-figures.mjs', '--check')
  t.is(code, 0, stderr)
  t.true(existsSync('bench/results'))
})
