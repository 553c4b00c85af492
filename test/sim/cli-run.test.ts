import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import test from 'ava'
import type { Results } from 'ringback'

import { recordsOf, unorderedDigestOf } from './pcap-files.ts'
import { ringback } from './ringback-command.ts'

// Whole runs of `ringback run` in child processes.

function makeFolder(t: { teardown: (fn: () => void) => void }): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ringback-run-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

test('the table: a row a vif and a NIC, the hash, nothing on standard error', async (t) => {
  const { code, stdout, stderr } = await ringback(['run', 'examples/captures.yaml'])
  t.deepEqual([code, stderr], [0, ''])
  const lines = stdout.split('\n')
  t.true(lines.every((line) => line.length <= 100 && line === line.trimEnd()))
  t.false(stdout.includes('\u001b'), 'no colour in a pipe')
  for (const head of ['cap', 'offered', 'delivered', 'dropped', 'queued', 'throughput', 'p50', 'p99', 'held back'])
    t.regex(stdout, new RegExp(`^vif .*\\b${head}\\b`, 'm'))
  t.regex(stdout, /^bulk +16Mb\/s +13,948 /m)
  t.regex(stdout, /^ +20\.98MB /m)
  t.regex(stdout, /^web +10Mb\/s +4,535 /m)
  t.regex(stdout, /^voip +\S+ +1,626 /m)
  t.regex(stdout, /^eth0 +100Mb\/s /m)
  t.regex(stdout, /^speed: [\d,]+ packets\/s {3}trace: [0-9a-f]{16}$/m)
})

test('--json prints the results and nothing else; two runs have one trace hash', async (t) => {
  const runs = await Promise.all([1, 2].map(() => ringback(['run', 'examples/captures.yaml', '--json'])))
  const [first, again] = runs.map(({ stdout }) => JSON.parse(stdout) as Results)
  t.true(runs.every(({ code, stderr }) => code === 0 && stderr === ''))
  t.is(first?.schema, 'ringback.results/1')
  t.is(first?.traceHash, again?.traceHash)
  t.is(first?.bytes.offered, 27_199_306)
})

test('--seed, --duration and --out', async (t) => {
  const folder = makeFolder(t)
  const out = path.join(folder, 'a/b')
  const args = ['run', 'examples/captures.yaml', '--seed', '7', '--duration', '2.5s', '--out', out]
  t.like(await ringback(args), { code: 0, stderr: '' })
  t.deepEqual(readdirSync(out).sort(), ['report.html', 'results.json', 'series.csv'], 'no temporary file is left')
  const results = JSON.parse(readFileSync(path.join(out, 'results.json'), 'utf8')) as Results
  t.deepEqual([results.seed, results.simulatedSeconds, results.aborted], [7, 2.5, false])
  const rows = readFileSync(path.join(out, 'series.csv'), 'utf8').trimEnd().split('\n')
  t.is(rows.length, 26)
  t.is(rows[0]?.split(',')[0], 't_seconds')
  t.true(rows.every((row) => row.split(',').length === 1 + 7 * 3 + 3))
  t.regex(rows[25] ?? '', /^2\.5,/)
})

const long = `name: long
duration: 720h
payload: none
nics: { eth0: { rate: 1Gb/s } }
vifs: { web: { uplink: eth0, rate: 100Mb/s } }
traffic: [{ vif: web, kind: constant, rate: 900Mb/s, size: 100 }]
output: { interval: 1h }
`

test('Ctrl-C stops the run, says so in one line and keeps what was reached', async (t) => {
  const folder = makeFolder(t)
  const file = path.join(folder, 'long.yaml')
  writeFileSync(file, long)
  const out = path.join(folder, 'out')
  const { code, stdout, stderr } = await ringback(['run', file, '--out', out], out)
  t.deepEqual([code, stdout], [130, ''])
  t.regex(stderr, /^interrupted at \S+ of 2592000s; the results up to there are in \S+\n$/)
  const results = JSON.parse(readFileSync(path.join(out, 'results.json'), 'utf8')) as Results
  t.true(results.aborted && results.simulatedSeconds > 0)
})

test('a folder that cannot be written to fails the run, exit 1 and one line', async (t) => {
  const folder = makeFolder(t)
  const blocked = path.join(folder, 'out')
  mkdirSync(path.join(blocked, 'results.json'), { recursive: true })
  const { code, stderr } = await ringback(['run', 'examples/captures.yaml', '--out', blocked])
  t.is(code, 1)
  t.regex(stderr, /^error: cannot write \S+results\.json: [^\n]+\n$/)
  t.deepEqual(readdirSync(blocked), ['results.json'], 'no temporary file is left')
})

const lan = (duration: string): string => `name: lan
duration: ${duration}
nics: { eth0: { rate: 10Gb/s, queue: 1MB } }
bridges: { br0: { nics: [eth0] } }
vifs: { a: { uplink: br0, queues: 2 }, b: { uplink: br0 } }
traffic:
  - { vif: a, kind: constant, rate: 500Mb/s, size: 65000, gso: 1448, to: b }
  - { vif: a, kind: constant, rate: 10Mb/s, size: 1500 }
  - { vif: b, kind: constant, rate: 10Mb/s, size: 1500, direction: in }
output: { interval: 10ms, pcap: { nics: [eth0], vifs: [a, b] } }
`
const files = ['report.html', 'results.json', 'series.csv']
const captures = [
  'nic-eth0-in.pcap',
  'nic-eth0.pcap',
  'vif-a-in.pcap',
  'vif-a-out.pcap',
  'vif-b-in.pcap',
  'vif-b-out.pcap',
]

/** A folder with lan.yaml in it, and the path of a folder for what it gives. */
function makeLan(t: { teardown: (fn: () => void) => void }, duration: string): { file: string; out: string } {
  const folder = makeFolder(t)
  const file = path.join(folder, 'lan.yaml')
  writeFileSync(file, lan(duration))
  return { file, out: path.join(folder, 'out') }
}

const recordsIn = (folder: string, name: string) => recordsOf(readFileSync(path.join(folder, name)))

test('captures are written to --out, whole, and replace those of an earlier run', async (t) => {
  const { file, out } = makeLan(t, '100ms')
  mkdirSync(out)
  writeFileSync(path.join(out, 'vif-a-out.pcap'), 'of yesterday')
  const { code, stdout, stderr } = await ringback(['run', file, '--out', out, '--json'])
  t.deepEqual([code, stderr], [0, ''])
  t.deepEqual(readdirSync(out).sort(), [...captures, ...files].sort(), 'no temporary file is left')
  const results = JSON.parse(stdout) as Results
  const { a, b } = results.vifs
  const counts = captures.map((name) => recordsIn(out, name).length)
  const { sentPackets, receivedPackets } = results.nics.eth0 ?? {}
  t.deepEqual(counts, [
    receivedPackets,
    sentPackets,
    a?.rx.deliveredPackets,
    a?.tx.offeredPackets,
    b?.rx.deliveredPackets,
    0,
  ])
  t.is(
    unorderedDigestOf(recordsIn(out, 'vif-b-in.pcap')),
    unorderedDigestOf(
      ['nic-eth0-in.pcap', 'vif-a-out.pcap']
        .flatMap((name) => recordsIn(out, name))
        .filter(({ bytes }) => bytes.subarray(0, 6).toString('hex') === '00163e000001'),
    ),
  )
  const rows = readFileSync(path.join(out, 'series.csv'), 'utf8').trimEnd().split('\n')
  const names = ['throughput_bps', 'demand_bps', 'receive_bps', 'allocation_bps', 'busy', 'min_bps', 'rate_bps']
  t.is(
    rows[0],
    `t_seconds,${['a', 'b'].map((vif) => names.map((name) => `vif.${vif}.${name}`).join()).join()},` +
      'nic.eth0.utilisation,nic.eth0.receive_utilisation,nic.eth0.rate_bps',
  )
  const { t: times, vifs, nics } = results.series
  const values = Object.values(vifs).flatMap((vif) => [
    ...[vif.throughputBps, vif.demandBps, vif.receiveBps, []],
    ...[vif.busy.map(Number), [], []],
  ])
  const parts = Object.values(nics).flatMap((nic) => [nic.utilisation, nic.receiveUtilisation, nic.rateBps])
  t.deepEqual(
    rows.slice(1),
    times.map((time, i) => [time, ...[...values, ...parts].map((column) => column[i] ?? '')].join()),
  )
})

test('Ctrl-C while captures are written leaves whole files', async (t) => {
  const { file, out } = makeLan(t, '1m')
  const interruptAt = path.join(out, 'started')
  const watch = setInterval(() => {
    if (existsSync(out) && readdirSync(out).some((name) => name.endsWith('.tmp'))) writeFileSync(interruptAt, '')
  }, 20)
  const { code, stderr } = await ringback(['run', file, '--out', out], interruptAt)
  clearInterval(watch)
  t.is(code, 130)
  t.regex(stderr, /^interrupted at /)
  t.deepEqual(readdirSync(out).sort(), [...captures, ...files, 'started'].sort())
  const results = JSON.parse(readFileSync(path.join(out, 'results.json'), 'utf8')) as Results
  t.true(results.aborted)
  t.is(results.vifs.b?.rx.deliveredPackets, recordsIn(out, 'vif-b-in.pcap').length)
})

test('a capture that cannot be written fails the run, exit 1 and one line', async (t) => {
  const { file, out } = makeLan(t, '10ms')
  mkdirSync(path.join(out, 'vif-a-in.pcap/x'), { recursive: true })
  const { code, stderr } = await ringback(['run', file, '--out', out])
  t.is(code, 1)
  t.regex(stderr, /^error: cannot write \S+vif-a-in\.pcap: [^\n]+\n$/)
  t.false(
    readdirSync(out).some((name) => name.endsWith('.tmp')),
    'no temporary file is left',
  )
  t.false(existsSync(path.join(out, 'results.json')))
})
