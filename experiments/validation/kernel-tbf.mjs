// Measures one TCP flow of this machine's Linux kernel through a queue of a given rate and length (sch_tbf).
//   sudo node experiments/validation/kernel-tbf.mjs [--out FILE] [--repeats 3] [--only REGEXP]
//
// Needs root, ip, tc, ethtool and iperf3. It makes three network namespaces of its own and removes them at the end; it
// changes nothing outside them. README.md beside it says what comes out and what it is for.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { intervalSeconds, measureFlow, round, summarise, warmUpSeconds } from './iperf.mjs'
import { makeNetwork, removeNetwork } from './network.mjs'

const rates = [50, 100, 200, 500]
const limits = [32_768, 102_400, 524_288]
const congestions = ['cubic', 'reno']

/** How long Reno climbs from half a window to the whole one, by a segment each RTT, were the queue full all the time. */
const renoToothSeconds = (rateMbps, limitBytes) => ((limitBytes / 1514 / 2) * limitBytes * 8) / (rateMbps * 1e6)

function caseOf(rateMbps, limitBytes, congestion, more = {}) {
  const seconds = warmUpSeconds + Math.min(40, Math.max(8, Math.ceil(3 * renoToothSeconds(rateMbps, limitBytes))))
  // 2 ms, and ten frames: with less, late timers of a busy machine cost throughput. While frames wait it passes nothing.
  const burstBytes = Math.max(15_140, rateMbps * 250)
  return { place: 'bridge', rateMbps, burstBytes, limitBytes, congestion, offloads: false, seconds, ...more }
}

function allCases() {
  const plain = rates.flatMap((rate) =>
    limits.flatMap((limit) => congestions.map((congestion) => caseOf(rate, limit, congestion))),
  )
  const others = congestions.flatMap((congestion) => [
    caseOf(200, 102_400, congestion, { offloads: true }),
    caseOf(200, 102_400, congestion, { place: 'sender' }),
  ])
  return [...plain, ...others]
}

const nameOf = ({ place, rateMbps, limitBytes, congestion, offloads }) =>
  [`${rateMbps}Mb/s`, `${limitBytes / 1024}KiB`, congestion, place, offloads ? 'offloads' : 'plain'].join(' ')

/** @returns the middle one of several runs, by goodput, with the range of all */
function middle(summaries) {
  const sorted = [...summaries].sort((a, b) => a.goodputMbps - b.goodputMbps)
  const rangeOf = (key) => [
    Math.min(...summaries.map((each) => each[key])),
    Math.max(...summaries.map((each) => each[key])),
  ]
  return {
    ...sorted[(sorted.length - 1) >> 1],
    range: { goodputMbps: rangeOf('goodputMbps'), retransmitsPerSecond: rangeOf('retransmitsPerSecond') },
  }
}

async function measureAll(cases, repeats) {
  const rows = []
  for (const one of cases) {
    const flows = []
    for (let i = 0; i < repeats; i++) flows.push(await measureFlow(one))
    const { bps, retransmits, rttUs, cwndBytes } = flows[0]
    const summary = middle(flows.map((flow) => summarise(flow, one)))
    rows.push({ name: nameOf(one), ...one, ...summary, firstRun: { bps, retransmits, rttUs, cwndBytes } })
    process.stderr.write(`${nameOf(one)}: ${JSON.stringify(summary)}\n`)
  }
  return rows
}

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    repeats: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
  },
})
const repeats = Number(values.repeats)
if (!Number.isInteger(repeats) || repeats < 1) {
  console.error(`--repeats: ${values.repeats} is no number from 1`)
  process.exit(2)
}
if (process.getuid() !== 0) {
  console.error('network namespaces need root: sudo node experiments/validation/kernel-tbf.mjs')
  process.exit(2)
}
const cases = allCases().filter((one) => new RegExp(values.only).test(nameOf(one)))
if (cases.length === 0) {
  console.error(`--only: no case matches ${values.only}; one is "${nameOf(allCases()[0])}"`)
  process.exit(2)
}

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    removeNetwork()
    process.exit(1)
  })
const loadBefore = os.loadavg()[0]
let rows
try {
  makeNetwork()
  rows = await measureAll(cases, repeats)
} finally {
  removeNetwork()
}
const results = {
  schema: 'ringback.kernel-tbf/1',
  kernel: `${os.type()} ${os.release()}`,
  machine: `${os.cpus()[0]?.model.trim()}, ${os.cpus().length} cores`,
  iperf3: execFileSync('iperf3', ['--version'], { encoding: 'utf8' }).split('\n')[0],
  date: new Date().toISOString(),
  load: [round(loadBefore, 2), round(os.loadavg()[0], 2)],
  repeats,
  intervalSeconds,
  warmUpSeconds,
  rows,
}
const text = `${JSON.stringify(results)}\n`
if (values.out) writeFileSync(values.out, text)
else process.stdout.write(text)
