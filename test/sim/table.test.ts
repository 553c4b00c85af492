import path from 'node:path'
import { pathToFileURL } from 'node:url'

import test from 'ava'
import { checkScenario, simulate } from 'ringback'
import type { Results, Scenario, ScenarioInput } from 'ringback'

// What a run prints when guests receive. README.md has the table of one that only sends.

/** The command line's part of the package: not exported, so taken from where it is built. */
async function describe(scenario: Scenario, results: Results): Promise<string[]> {
  const url = pathToFileURL(path.resolve('dist/cli/table.js')).href
  const { describeRun } = (await import(url)) as { describeRun: (scenario: Scenario, results: Results) => string }
  return describeRun(scenario, results).split('\n')
}

const input: ScenarioInput = {
  name: 'lan',
  duration: '1s',
  nics: { eth0: { rate: '1Gb/s' }, eth1: { rate: '1Gb/s' } },
  bridges: { br0: { nics: ['eth0'] } },
  vifs: { a: { uplink: 'br0' }, b: { uplink: 'br0', rate: '10Mb/s@5ms' }, c: { uplink: 'br0' }, d: { uplink: 'eth1' } },
  traffic: [
    { kind: 'constant', vif: 'a', to: 'b', rate: '8Mb/s', size: 1000 },
    { kind: 'constant', vif: 'a', rate: '1Mb/s', size: 500, direction: 'in' },
    { kind: 'constant', vif: 'd', rate: '4Mb/s', size: 1000 },
  ],
}

async function run(): Promise<{ scenario: Scenario; results: Results }> {
  const scenario = checkScenario(input)
  return { scenario, results: await simulate(scenario) }
}

/** The two lines of a row, by what is in the first column of the first one; `  rx` of the row before. */
function rowOf(lines: readonly string[], name: string, isReceived = false): string[] {
  const start = lines.findIndex((line) => line.startsWith(`${name} `)) + (isReceived ? 2 : 0)
  return lines.slice(start, start + 2).map((line) => line.trim().replace(/ {2,}/g, ' | '))
}

test('a guest that receives has a second row, and so has its NIC', async (t) => {
  const { scenario, results } = await run()
  const lines = await describe(scenario, results)
  t.true(
    lines.every((line) => line.length <= 100 && line === line.trimEnd()),
    lines.join('\n'),
  )
  t.deepEqual(rowOf(lines, 'a'), [
    'a | none | 1,000 | 1,000 | 0 | 0 | 8Mb/s | - | - | 0ns',
    '1MB | 1MB | 0B | 0B | 0.0 %',
  ])
  t.deepEqual(rowOf(lines, 'a', true), ['rx | 250 | 250 | 0 | 0 | 1Mb/s | 4us | 4us', '125KB | 125KB | 0B | 0B'])
  t.deepEqual(rowOf(lines, 'b'), [
    'b | 10Mb/s | 0 | 0 | 0 | 0 | 0b/s | - | - | 0ns',
    '@5ms | 0B | 0B | 0B | 0B | 0.0 % of cap | 0.0 %',
  ])
  t.deepEqual(rowOf(lines, 'b', true), ['rx | 1,000 | 1,000 | 0 | 0 | 8Mb/s | 0ns | 0ns', '1MB | 1MB | 0B | 0B'])
  t.true(rowOf(lines, 'c', true)[0]?.startsWith('d'), 'c got nothing')
  const [sent, received] = lines.slice(lines.findIndex((line) => line.startsWith('eth0 ')))
  t.regex(sent ?? '', /^eth0 +1Gb\/s +0 +0B +0\.0 % +0 +0B$/)
  t.regex(received ?? '', /^ {2}rx +250 +125KB +0\.1 % +0 +0B$/)
  t.is(lines.filter((line) => line.startsWith('  rx')).length, 3, 'a, b and eth0')
  t.true(lines.some((line) => /^nic +rate +packets +bytes +utilisation +dropped +bytes$/.test(line)))
  t.true(lines.some((line) => /^bridge +learned +moved +refused +flooded$/.test(line)))
  t.true(lines.some((line) => /^br0 +4 +0 +0 +0$/.test(line)))
  t.true(lines.includes('packets: 1,750 offered = 1,750 delivered + 0 dropped + 0 queued'))
  t.false(lines.some((line) => /^drops|disabled|carrier/.test(line)))
})

test('what the back ends cost has a line where they cost anything', async (t) => {
  const scenario = checkScenario({ ...input, costs: { packet: '1us', byte: '1ns', notify: '4us', cores: 2 } })
  const lines = await describe(scenario, await simulate(scenario))
  const line = lines.find((text) => text.startsWith('back end:'))
  t.regex(line ?? '', /^back end: 2 cores 1\.1 % busy, 8,136 ns a packet, 1\.0 packets a poll, 1,500 wake-ups$/)
  const one = { ...scenario, costs: { packetPs: 1, bytePs: 0, notifyPs: 0, cores: 1 } }
  const ofOne = await describe(one, await simulate(one))
  t.true(ofOne.some((text) => text.startsWith('back end: 1 core 0.0 % busy, 0 ns a packet')))
  const { scenario: free, results } = await run()
  t.false((await describe(free, results)).some((text) => text.startsWith('back end')))
})

test('where a vif has a min, a column has it and what was short of it; a line has when mins did not fit', async (t) => {
  const scenario = checkScenario({
    ...input,
    vifs: { ...input.vifs, d: { uplink: 'eth1', min: '3Mb/s', rate: '5Mb/s' } },
    events: [
      { at: '500ms', nic: 'eth1', rate: '2Mb/s' },
      { at: '750ms', nic: 'eth1', rate: '500Mb/s' },
      { at: '900ms', vif: 'b', rate: '20Mb/s' },
      { at: '900ms', vif: 'd', rate: '6Mb/s' },
    ],
  })
  const results = await simulate(scenario)
  Object.assign(results.vifs.d ?? {}, { shortfall: { ratio: 0.1234, seconds: 0.2 } })
  const lines = await describe(scenario, results)
  t.true(lines.some((line) => /^vif +cap +min +offered /.test(line)))
  t.deepEqual(
    rowOf(lines, 'd').map((line) => line.split(' | ').slice(0, 3).join(' | ')),
    ['d | 6Mb/s | 3Mb/s', '12.3 % short | 500KB | 500KB'],
  )
  t.regex(rowOf(lines, 'a')[0] ?? '', /^a \| none \| none \| 1,000 /)
  t.regex(rowOf(lines, 'b')[0] ?? '', /^b \| 20Mb\/s \| none /, 'the cap as it was at the end')
  t.true(lines.some((line) => /^eth1 +500Mb\/s /.test(line)))
  t.true(lines.includes('mins of eth1: scaled for 250ms, in which they did not fit'))
  const { scenario: plain, results: others } = await run()
  t.false((await describe(plain, others)).some((line) => / min /.test(line) || line.startsWith('mins of')))
})

test('a bond has a row, and a line for what one may not expect of it', async (t) => {
  const scenario = checkScenario({
    ...input,
    nics: { ...input.nics, eth2: { rate: '1Gb/s' } },
    bonds: { bond0: { mode: 'active-backup', nics: ['eth1', 'eth2'], miimon: '10ms', updelay: '15ms' } },
    vifs: { ...input.vifs, d: { uplink: 'bond0' } },
    events: [{ at: '500ms', nic: 'eth1', link: 'down' }],
  })
  const lines = await describe(scenario, await simulate(scenario))
  t.true(lines.every((line) => line.length <= 100))
  t.true(lines.some((line) => /^bond +mode +carries +up +active +sent +dropped +reordered +failovers$/.test(line)))
  t.true(
    lines.some((line) => /^bond0 +active-backup +1Gb\/s +1 of 2 +eth2 +\d+ +0 +0 +1$/.test(line)),
    lines.join('\n'),
  )
  t.true(lines.includes('bond0: updelay: 15ms is no multiple of miimon, 10ms; 10ms is used, as in Linux'))
  const { scenario: plain, results } = await run()
  t.false((await describe(plain, results)).some((line) => line.startsWith('bond')))
})

test('unusual drops, and vifs that are down, are told below the tables', async (t) => {
  const { scenario, results } = await run()
  const { a, b, c, d } = results.vifs
  if (!a || !b || !c || !d) return t.fail()
  Object.assign(a.rx.drops, { nic: 2, queue: 12, expired: 1234 })
  Object.assign(b.tx.drops, { backlog: 7, nic: 8 })
  Object.assign(b.rx.drops, { noBuffer: 1, disconnected: 2 })
  Object.assign(c, { fault: 'ring-overflow', carrier: false })
  d.carrier = false
  results.packets.copied = 1500
  const lines = await describe(scenario, results)
  const start = lines.findIndex((line) => line.startsWith('drops: '))
  t.deepEqual(lines.slice(start - 1, start + 6), [
    '',
    'drops: a rx nic 2, queue 12, expired 1,234',
    'drops: b rx no buffer 1, disconnected 2',
    'c: disabled, ring-overflow',
    'd: carrier off',
    '',
    'packets: 1,750 offered (1,500 of them copies) = 1,750 delivered + 0 dropped + 0 queued',
  ])
})

test('of a thousand vifs the first are shown', async (t) => {
  const names = Array.from({ length: 1000 }, (_, i) => `v${i}`)
  const scenario = checkScenario({
    ...input,
    vifs: Object.fromEntries(names.map((name) => [name, { uplink: 'br0' }])),
    traffic: [{ kind: 'constant', vif: 'v0', to: 'v1', rate: '8Mb/s', size: 1000 }],
  })
  const results = await simulate(scenario)
  for (const vif of Object.values(results.vifs)) vif.carrier = false
  const lines = await describe(scenario, results)
  t.true(lines.includes('... and 936 more vifs; --json or --out has all'))
  t.true(lines.includes('v15: carrier off') && !lines.includes('v16: carrier off'))
  t.true(lines.includes('... and 984 more lines; --json or --out has all'))
})
