import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

import test from 'ava'
import { checkScenario, ControlTree, policyNames, Simulation, simulationTarget } from 'ringback'
import type { PolicyName, Results } from 'ringback'

import { imbalances } from './conservation.ts'
import { goodValues, leavings, memoryFolder, Writer } from './control-writer.ts'

// The control tree of a simulation. Where the clock would decide what a test sees, virtual time stands still instead.

interface Served {
  simulation: Simulation
  tree: ControlTree
  folder: string
  read: (name: string) => string
  /** As a shell does, and what the tree says to it. */
  write: (name: string, text: string) => void
  /** A sync so much later; of itself one at which everything is due. */
  later: (ms?: number) => void
}

async function serve(t: { teardown: (fn: () => void) => void }, input: object): Promise<Served> {
  const parent = mkdtempSync(path.join(memoryFolder, 'ringback-control-'))
  const folder = path.join(parent, 'tree')
  const simulation = await Simulation.create(checkScenario(input))
  let aheadMs = 0
  const tree = new ControlTree({ folder, target: simulationTarget(simulation), now: () => Date.now() + aheadMs })
  tree.start()
  t.teardown(() => {
    tree.close()
    simulation.close()
    rmSync(parent, { recursive: true })
  })
  const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8').trimEnd()
  const later = (ms = 1000): void => {
    aheadMs += ms
    tree.sync()
  }
  const write = (name: string, text: string): void => {
    writeFileSync(path.join(folder, name), `${text}\n`)
    later()
  }
  return { simulation, tree, folder, read, write, later }
}

const two = (policy: PolicyName) => ({
  name: 'two',
  duration: '2s',
  payload: 'none',
  nics: { eth0: { rate: '1Gb/s' } },
  vifs: { web: { uplink: 'eth0', rate: '400Mb/s@1ms' }, bulk: { uplink: 'eth0' } },
  traffic: [
    { kind: 'constant', vif: 'web', rate: '2Gb/s', size: 1500 },
    { kind: 'constant', vif: 'bulk', rate: '300Mb/s', size: 1500 },
  ],
  control: { policy, interval: '10ms' },
  output: { interval: '100ms' },
})

for (const policy of policyNames)
  test(`${policy}: a rate that is written shows in what is delivered within an interval`, async (t) => {
    const { simulation, read, write } = await serve(t, two(policy))
    await simulation.run('1s')
    write('vif/web/rate', '50Mb/s@1ms')
    t.deepEqual([read('vif/web/rate'), read('vif/web/error')], ['50Mb/s@1ms', ''])
    await simulation.run()
    const { throughputBps } = simulation.results().series.vifs.web ?? { throughputBps: [] }
    t.true(
      throughputBps.slice(5, 10).every((bps) => Math.abs(bps - 400e6) < 8e6),
      throughputBps.join(),
    )
    t.true(
      throughputBps.slice(11).every((bps) => Math.abs(bps - 50e6) < 1e6),
      throughputBps.join(),
    )
    t.true((throughputBps[10] ?? 0) < 60e6, 'at once, but for what was on its way')
    t.deepEqual(simulation.results().changes, [{ seconds: 1, vif: 'web', key: 'rate', from: 400e6, to: 50e6 }])
  })

test('min, weight, the NIC: what is written is in force', async (t) => {
  const { simulation, read, write } = await serve(t, two('adaptive'))
  await simulation.run('100ms')
  write('vif/bulk/min', '0.7Gb/s')
  write('vif/bulk/weight', '3')
  write('nic/eth0/rate', '2Gb/s')
  const { bulk } = simulation.vifs
  t.deepEqual([bulk?.min, bulk?.weight, simulation.nics.eth0?.rateBps], [700e6, 3, 2e9])
  t.deepEqual([read('vif/bulk/min'), read('vif/bulk/weight'), read('nic/eth0/rate')], ['700Mb/s', '3', '2Gb/s'])
  t.deepEqual([read('nic/eth0/speed'), read('nic/eth0/carrier')], ['2000', '1'])
  write('nic/eth0/link', 'down')
  t.deepEqual([simulation.nics.eth0?.link, read('nic/eth0/speed'), read('nic/eth0/carrier')], ['down', '-1', '0'])
  write('nic/eth0/link', 'up')
  write('vif/bulk/min', 'none')
  write('vif/web/rate', 'none')
  t.deepEqual([read('vif/bulk/min'), read('vif/web/rate'), read('nic/eth0/link')], ['none', 'none', 'up'])
  t.deepEqual([bulk?.min, simulation.vifs.web?.rate], [null, null])
})

const refused: [name: string, text: string, error: RegExp][] = [
  ['vif/web/rate', '50Mbit', /^rate: "50Mbit" is not a rate; /],
  ['vif/web/rate', '0Mb/s', /^rate: "0Mb\/s" is zero; /],
  ['vif/web/rate', 'None', /^rate: "None" is not a rate; /],
  ['vif/web/rate', '100Mb/s', /^rate: .* a min of 300Mb\/s is above the cap of 100Mb\/s; /],
  ['vif/web/min', '500Mb/s', /^min: .* a min of 500Mb\/s is above the cap of 400Mb\/s; /],
  ['vif/bulk/min', '800Mb/s', /^min: .*web/],
  ['vif/web/min', '-1', /^min: "-1" is not a rate; /],
  ['vif/web/weight', '0', /^weight: weight must be an integer from 1 to 10000$/],
  ['vif/web/weight', '1.5', /^weight: "1\.5" is no weight; write a whole number from 1 to 10000$/],
  ['vif/web/weight', '1e3', /^weight: "1e3" is no weight; /],
  ['nic/eth0/rate', 'none', /^rate: "none" is not a rate; /],
  ['nic/eth0/rate', '1Gb/s@50ms', /^rate: "1Gb\/s@50ms" has an interval, /],
  ['nic/eth0/link', 'sideways', /^link: "sideways" is no state of a link; write up or down$/],
]
test('what may not be is answered, and nothing is changed', async (t) => {
  const { simulation, read, write } = await serve(t, two('adaptive'))
  write('vif/web/min', '300Mb/s')
  for (const [name, text, error] of refused) {
    const before = read(name)
    write(name, text)
    t.is(read(name), before, `${name} ${text}`)
    t.regex(read(path.join(path.dirname(name), 'error')), error)
  }
  t.is(simulation.results().changes.length, 1)
})

test('files say what went through', async (t) => {
  const { simulation, later, read } = await serve(t, two('credit'))
  await simulation.run('500ms')
  later()
  await simulation.run('1s')
  later()
  const { web } = simulation.vifs
  const counters = web?.counters()
  t.deepEqual(
    ['tx_packets', 'tx_bytes', 'tx_dropped', 'tx_queued', 'rx_packets'].map((name) => Number(read(`vif/web/${name}`))),
    [
      counters?.tx.deliveredPackets,
      counters?.tx.deliveredBytes,
      counters?.tx.droppedPackets,
      counters?.tx.queuedPackets,
      0,
    ],
  )
  t.is(Number(read('nic/eth0/tx_bytes')), simulation.nics.eth0?.counters().sentBytes ?? -1)
  t.deepEqual([read('vif/web/uplink'), read('vif/web/fault'), read('vif/web/carrier')], ['eth0', 'none', '1'])
  t.deepEqual([read('vif/web/allocation'), read('vif/bulk/allocation'), read('vif/web/busy')], ['400Mb/s', 'none', '1'])
  t.is(read('time'), '1s')
  t.regex(read('vif/web/demand'), /^(2Gb\/s|(1\.999|2\.000)\d*Gb\/s)$/)
  t.regex(read('vif/web/throughput'), /^(400|399\.\d+|400\.\d+)Mb\/s$/)
  t.regex(read('nic/eth0/utilisation'), /^(70\.\d|69\.9)%$/)
  t.is(read('nic/eth0/receive_utilisation'), '0.0%')
})

test("a bond's files have Linux's names and words", async (t) => {
  const { simulation, later, read } = await serve(t, {
    ...two('credit'),
    nics: { eth0: { rate: '1Gb/s' }, eth1: { rate: '100Mb/s' } },
    bonds: { bond0: { mode: 'active-backup', nics: ['eth0', 'eth1'], miimon: '10ms', downdelay: '20ms' } },
    vifs: { web: { uplink: 'bond0' }, bulk: { uplink: 'bond0' } },
  })
  const words = ['mode', 'slaves', 'active_slave', 'mii_status', 'capacity', 'failovers']
  t.deepEqual(
    words.map((name) => read(`bond/bond0/${name}`)),
    ['active-backup 1', 'eth0 eth1', 'eth0', 'up', '1Gb/s', '0'],
  )
  const states = (): string[] => ['eth0', 'eth1'].map((nic) => read(`bond/bond0/nics/${nic}/mii_status`))
  simulation.nics.eth0?.setLink('down')
  await simulation.run('15ms')
  later()
  t.deepEqual(states(), ['going down', 'up'])
  await simulation.run('500ms')
  later()
  t.deepEqual(states(), ['down', 'up'])
  t.deepEqual(
    words.map((name) => read(`bond/bond0/${name}`)),
    ['active-backup 1', 'eth0 eth1', 'eth1', 'up', '100Mb/s', '1'],
  )
  t.is(read('bond/bond0/nics/eth1/state'), 'active')
  t.is(read('bond/bond0/nics/eth0/link_failure_count'), '1')
  t.is(Number(read('bond/bond0/tx_packets')), simulation.bonds.bond0?.counters().sentPackets ?? -1)
})

const names = ['a', 'b', 'c', 'd']
const many = (duration: string) => ({
  name: 'many',
  duration,
  payload: 'none',
  nics: { eth0: { rate: '1Gb/s' } },
  vifs: Object.fromEntries(names.map((name) => [name, { uplink: 'eth0', rate: '500Mb/s' }])),
  traffic: names.map((vif) => ({ kind: 'constant', vif, rate: '400Mb/s', size: 1500 })),
  control: { policy: 'adaptive', interval: '10ms' },
  output: { interval: '1s' },
})

/** That nothing was set but good values, and no packet was lost track of. */
function problemsOf(results: Results): string[] {
  const wrong = results.changes.filter(({ key, to }) => to !== 77 && !goodValues[key].some(({ means }) => means === to))
  return [...imbalances(results), ...wrong.map((change) => JSON.stringify(change))]
}

test.serial(
  '10,000 random writes, each answered: good ones are in force, bad ones change nothing, no packet is lost',
  async (t) => {
    const { simulation, tree, folder, read, later } = await serve(t, many('1s'))
    t.timeout(120_000)
    const writer = new Writer(folder, names, 1)
    let good = 0
    for (let i = 1; i <= 10_000; i++) {
      const { file, shows } = writer.nextValue()
      const before = read(file)
      writer.writeOver()
      later(30)
      const error = read(path.join(path.dirname(file), 'error'))
      t.is(read(file), shows ?? before, `write ${i} of ${file}`)
      if (shows === undefined) t.true(error.startsWith(`${path.basename(file)}: `), `write ${i}: ${error}`)
      else t.is(error, '', `write ${i}`)
      if (shows !== undefined) good++
      await simulation.run(i * 100_000)
    }
    t.true(good > 3000 && good < 7000, `${good} good ones`)
    t.deepEqual(problemsOf(simulation.results()), [])
    t.true(simulation.results().changes.length > 2000)
    t.deepEqual([tree.close(), existsSync(folder)], [[], false])
  },
)

test.serial('10,000 writes and other mischief of another process, while it runs in real time', async (t) => {
  const { simulation, tree, folder, later, write } = await serve(t, many('1h'))
  t.timeout(120_000)
  const writer = spawn(process.execPath, ['dist-test/sim/control-writer.js', folder, names.join(), '10000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const finished = new AbortController()
  let said = ''
  writer.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  writer.on('close', () => finished.abort())
  await simulation.run('1h', { realtime: true, signal: finished.signal, onProgress: () => tree.sync() })
  t.deepEqual([writer.exitCode, said], [0, 'wrote 10000\n'])
  // What is left of the mischief goes; then all files show what is in force.
  for (const name of leavings(folder)) rmSync(name, { recursive: true, force: true })
  for (let i = 0; i < 5; i++) later()
  write('vif/a/weight', '77')
  t.is(simulation.vifs.a?.weight, 77, 'it is served as before')
  write('vif/a/weight', '7')
  for (const name of names)
    for (const [key, value] of [
      ['min', simulation.vifs[name]?.min],
      ['weight', simulation.vifs[name]?.weight],
    ] as const) {
      const shown = readFileSync(path.join(folder, `vif/${name}/${key}`), 'utf8').trimEnd()
      t.is(goodValues[key].find(({ shows }) => shows === shown)?.means, value, `${name} ${key}`)
    }
  const results = simulation.results()
  t.deepEqual(problemsOf(results), [])
  t.true(results.packets.delivered > 0)
  t.deepEqual([tree.close(), existsSync(folder)], [[], false])
})
