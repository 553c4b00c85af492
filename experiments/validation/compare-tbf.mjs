// Runs what kernel-tbf.mjs has measured in the simulator and prints both side by side; needs `npm run build`, no root.
//   node experiments/validation/compare-tbf.mjs [FILE]      FILE: kernel-tbf.json beside this script where left out
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'

const here = import.meta.dirname
const main = path.join(here, '..', '..', 'dist', 'cli', 'main.js')
/** What a round trip through three namespaces takes without a queue. */
const pathRtt = '100us'

const scenarioOf = ({ name, rateMbps, limitBytes, congestion, seconds }) => ({
  name,
  duration: `${seconds}s`,
  payload: 'none',
  nics: { eth0: { rate: `${rateMbps}Mb/s`, queue: `${limitBytes}B`, overhead: '0B' } },
  vifs: { guest: { uplink: 'eth0' } },
  // No segment is handed down with others, as with offloads off.
  traffic: [{ kind: 'tcp', vif: 'guest', congestion, rtt: pathRtt, size: 1514, gso: 1514 }],
})

function simulate(row, folder) {
  const file = path.join(folder, 'scenario.yaml')
  writeFileSync(file, JSON.stringify(scenarioOf(row))) // JSON is YAML
  const { vifs } = JSON.parse(execFileSync(process.execPath, [main, 'run', file, '--json'], { encoding: 'utf8' }))
  return vifs.guest.tcp
}

const sum = (values) => values.reduce((total, value) => total + value, 0)

/** Both sides' figures of a whole run, slow start included. */
function rowOf(row, tcp) {
  const { firstRun, seconds } = row
  return {
    case: row.name.replace(' bridge plain', ''),
    'goodput Mb/s, kernel': row.wholeMbps.toFixed(1),
    simulator: (tcp.goodputBps / 1e6).toFixed(1),
    'retransmits/s, kernel': (sum(firstRun.retransmits) / seconds).toFixed(1),
    'simulator ': (tcp.retransmits / seconds).toFixed(1),
    'RTT ms, kernel': `${(row.rttUs.mean / 1e3).toFixed(2)}, at most ${(row.rttUs.most / 1e3).toFixed(2)}`,
    'simulator  ': `${(tcp.rttNs.p50 / 1e6).toFixed(2)}, at most ${(tcp.rttNs.max / 1e6).toFixed(2)}`,
  }
}

/** As Markdown. */
function tableOf(rows) {
  const names = Object.keys(rows[0])
  const lineOf = (cells) => `| ${cells.join(' | ')} |`
  return [
    lineOf(names.map((name) => name.trim())),
    lineOf(names.map(() => '---')),
    ...rows.map((row) => lineOf(Object.values(row))),
  ].join('\n')
}

const file = process.argv[2] ?? path.join(here, 'kernel-tbf.json')
const { kernel, rows } = JSON.parse(readFileSync(file, 'utf8'))
const folder = mkdtempSync(path.join(os.tmpdir(), 'ringback-tbf-'))
try {
  const comparable = rows.filter(({ place, offloads }) => place === 'bridge' && !offloads)
  console.log(`${kernel}; the simulator with a path of ${pathRtt}\n`)
  console.log(tableOf(comparable.map((row) => rowOf(row, simulate(row, folder)))))
} finally {
  rmSync(folder, { recursive: true })
}
