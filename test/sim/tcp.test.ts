import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import test from 'ava'
import fc from 'fast-check'
import { checkScenario, simulate } from 'ringback'
import type { Results, ScenarioInput } from 'ringback'

import { imbalances } from './conservation.ts'
import { recordsOf } from './pcap-files.ts'

// TCP connections in whole runs: what they bring, and that nothing is lost track of.

type Traffic = ScenarioInput['traffic']

const gigabit = (traffic: Traffic, change: Partial<ScenarioInput> = {}): ScenarioInput => ({
  name: 'gigabit',
  duration: '2s',
  payload: 'none',
  nics: { eth0: { rate: '1Gb/s', queue: '512KB', propagation: '5us', overhead: 24 } },
  vifs: { web: { uplink: 'eth0' } },
  traffic,
  ...change,
})
const run = (input: ScenarioInput): Promise<Results> => simulate(checkScenario(input))

test('one flow gets what a gigabit wire carries of its payload, in either direction', async (t) => {
  // 1460 of 1538 bytes, less what slow start loses.
  for (const direction of ['out', 'in'] as const)
    for (const congestion of ['cubic', 'reno'] as const) {
      const results = await run(gigabit([{ kind: 'tcp', vif: 'web', direction, congestion }]))
      const tcp = results.vifs.web?.tcp
      t.true(tcp !== undefined && tcp.goodputBps > 0.94e9 && tcp.goodputBps < 0.9493e9, `${tcp?.goodputBps}`)
      t.is(tcp?.flows, 1)
      t.is(tcp?.timeouts, 0)
      t.is(tcp?.spuriousRetransmits, 0)
      t.true((tcp?.rttNs.p50 ?? 0) >= 200_000)
      t.deepEqual(imbalances(results), [])
    }
})

test('a vif without connections has none in its results', async (t) => {
  const results = await run(gigabit([{ kind: 'constant', vif: 'web', rate: '1Mb/s', size: 1500 }]))
  t.false('tcp' in (results.vifs.web ?? {}))
})

test('streams of so many bytes bring just those', async (t) => {
  const results = await run(gigabit([{ kind: 'tcp', vif: 'web', flows: 5, bytes: 1_000_001 }]))
  t.is(results.vifs.web?.tcp?.goodputBytes, 5_000_005)
  t.is(results.packets.queued, 0)
})

test('what one of two NICs in turn overtakes is sent again for nothing; what goes the earliest way is not', async (t) => {
  const bonded = (
    mode: 'balance-rr' | 'balance-edpf' | 'active-backup',
    reordering: 'fixed' | 'adaptive' | 'rack',
  ): ScenarioInput => ({
    ...gigabit([{ kind: 'tcp', vif: 'web', reordering }]),
    nics: {
      eth0: { rate: '1Gb/s', queue: '512KB', overhead: 24 },
      eth1: { rate: '1Gb/s', queue: '512KB', overhead: 24 },
    },
    bonds: { bond0: { mode, nics: ['eth0', 'eth1'], miimon: '100ms' } },
    vifs: { web: { uplink: 'bond0' } },
  })
  const tcpOf = async (...what: Parameters<typeof bonded>) => (await run(bonded(...what))).vifs.web?.tcp
  const inTurn = await tcpOf('balance-rr', 'fixed')
  t.true((inTurn?.spuriousRetransmits ?? 0) > 1000)
  t.true((inTurn?.undos ?? 0) > 100)
  t.true((inTurn?.goodputBps ?? 0) > 0.9e9 && (inTurn?.goodputBps ?? 0) < 1.5e9, `${inTurn?.goodputBps}`)
  const earliest = await tcpOf('balance-edpf', 'fixed')
  t.is(earliest?.spuriousRetransmits, 0)
  t.true((earliest?.goodputBps ?? 0) > 1.85e9)
  t.true(((await tcpOf('balance-rr', 'adaptive'))?.goodputBps ?? 0) > 1.8e9)
  t.true(((await tcpOf('active-backup', 'fixed'))?.goodputBps ?? 0) < 0.95e9)
})

test('by time a stream gets of four NICs in turn what hosts do: more than by a fixed threshold, less than by one that adapts', async (t) => {
  const nic = { rate: '1Gb/s', overhead: 24 }
  const nics = { eth0: nic, eth1: nic, eth2: nic, eth3: nic }
  for (const rtt of ['100us', '150us', '200us']) {
    const results = await run({
      ...gigabit([{ kind: 'tcp', vif: 'web', rtt, reordering: 'rack' }]),
      nics,
      bonds: { bond0: { mode: 'balance-rr', nics: Object.keys(nics), miimon: '100ms' } },
      vifs: { web: { uplink: 'bond0', queues: 4, ringOrder: 2 } },
    })
    const tcp = results.vifs.web?.tcp
    t.true(tcp !== undefined && tcp.goodputBps > 2e9 && tcp.goodputBps < 2.8e9, `${rtt}: ${tcp?.goodputBps}`)
    t.true((tcp?.undos ?? 0) > 20)
    t.is(tcp?.timeouts, 0)
  }
})

/** What follows the 20 bytes of a TCP header. */
interface Segment {
  fromPort: number
  sequence: number
  ack: number
  payload: number
}

function segmentsOf(file: Buffer): Segment[] {
  return recordsOf(file).map(({ bytes }) => {
    const headerBytes = (bytes.readUInt8(46) >> 4) * 4
    return {
      fromPort: bytes.readUInt16BE(34),
      sequence: bytes.readUInt32BE(38),
      ack: bytes.readUInt32BE(42),
      payload: bytes.readUInt16BE(16) - 20 - headerBytes,
    }
  })
}

test('captures have the conversation: every byte of the stream, and its acknowledgements', async (t) => {
  const bytes = 300_000
  const files = new Map<string, Uint8Array[]>()
  const input = gigabit([{ kind: 'tcp', vif: 'web', bytes }], {
    payload: 'copy',
    nics: { eth0: { rate: '100Mb/s', queue: '16KB' } },
    output: { pcap: { nics: ['eth0'], vifs: ['web'] } },
  })
  const results = await simulate(checkScenario(input), {
    onCapture: ({ file, bytes: piece }) => void files.set(file, [...(files.get(file) ?? []), Uint8Array.from(piece)]),
  })
  t.true((results.vifs.web?.tcp?.retransmits ?? 0) > 0)
  const out = Buffer.concat(files.get('nic-eth0.pcap') ?? [])
  const sent = segmentsOf(out)
  const first = sent[0]?.sequence ?? 0
  const covered = new Set(sent.flatMap(({ sequence, payload }) => (payload > 0 ? [(sequence - first) >>> 0] : [])))
  t.is(covered.size, Math.ceil(bytes / 1460))
  t.true(sent.every(({ fromPort, payload }) => fromPort === 1024 && payload > 0 && payload <= 1460))
  const acks = segmentsOf(Buffer.concat(files.get('vif-web-in.pcap') ?? []))
  t.true(acks.every(({ fromPort, payload }) => fromPort === 5001 && payload === 0))
  t.is(Math.max(...acks.map(({ ack }) => (ack - first) >>> 0)), bytes)

  const folder = mkdtempSync(path.join(tmpdir(), 'ringback-tcp-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  for (const [name, pieces] of files) {
    writeFileSync(path.join(folder, name), Buffer.concat(pieces))
    const printed = execFileSync('tcpdump', ['-nnvr', path.join(folder, name)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    t.false(/bad length|bad hdr|invalid|malformed|truncated/i.test(printed), name)
    if (name === 'vif-web-in.pcap') t.regex(printed, /sack 1 \{\d+:\d+\}/)
  }
})

const source = fc.record({
  kind: fc.constant('tcp' as const),
  vif: fc.constantFrom('web', 'db'),
  flows: fc.integer({ min: 1, max: 5 }),
  congestion: fc.constantFrom('cubic' as const, 'reno' as const),
  rtt: fc.constantFrom('1us', '200us', '5ms'),
  size: fc.constantFrom(128, 1514, 9018),
  gso: fc.constantFrom(9018, 20_000, 65_535),
  sack: fc.boolean(),
  reordering: fc.constantFrom('fixed' as const, 'adaptive' as const, 'rack' as const),
  direction: fc.constantFrom('out' as const, 'in' as const),
  window: fc.constantFrom('20KB', '3MiB'),
})

test('any connections: nothing is lost track of, and payload makes no difference', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(source, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('eth0', 'bond', 'bridge'),
      fc.constantFrom('20KB', '200KB'),
      async (traffic, uplink, queue) => {
        const nics = { eth0: { rate: '1Gb/s', queue }, eth1: { rate: '300Mb/s', queue } }
        const input: ScenarioInput = {
          ...gigabit(traffic, { duration: '30ms', nics }),
          ...(uplink === 'eth0'
            ? {}
            : { bonds: { bond: { mode: 'balance-rr', nics: ['eth0', 'eth1'], miimon: '100ms' } } }),
          ...(uplink === 'bridge' ? { bridges: { bridge: { nics: ['bond'] } } } : {}),
          vifs: { web: { uplink, rate: '200Mb/s@5ms' }, db: { uplink, queues: 2 } },
        }
        const [none, copy] = await Promise.all([run(input), run({ ...input, payload: 'copy' })])
        t.is(none.traceHash, copy.traceHash)
        t.deepEqual(imbalances(none), [])
        for (const { tcp } of Object.values(none.vifs))
          if (tcp)
            t.true(
              tcp.spuriousRetransmits <= tcp.retransmits && tcp.retransmits < tcp.segments,
              JSON.stringify([input, tcp]),
            )
      },
    ),
    { numRuns: 60 },
  )
})
