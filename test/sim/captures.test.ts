import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import test from 'ava'
import { checkScenario, headerStride, loadCapture, simulate } from 'ringback'
import type { CaptureDirection, CaptureChunk, ScenarioInput } from 'ringback'

import { capture, digestOf, recordsOf, unorderedDigestOf } from './pcap-files.ts'
import type { Captured } from './pcap-files.ts'

// Frames with made-up payload, bit by bit: what one end put on its ring is what came out of the other.

const guest = 'fe:b6:f2:0c:ea:6f'

/** One guest replays a capture in both directions, without a cap. */
function replayed(name: string, vif: object = {}): ScenarioInput {
  const pcap = `examples/captures/${name}.pcap`
  return {
    name,
    duration: '20s',
    nics: { eth0: { rate: '1Gb/s', queue: '4MB', propagation: '20us' } },
    vifs: { guest: { uplink: 'eth0', ...vif } },
    traffic: [
      { kind: 'replay', vif: 'guest', pcap, guest },
      { kind: 'replay', vif: 'guest', pcap, guest, direction: 'in' },
    ],
    output: { interval: '1s', pcap: { nics: ['eth0'], vifs: ['guest'] } },
  }
}

/** The files of one direction, in the order in which frames come by. */
const way = { out: ['vif-guest-out.pcap', 'nic-eth0.pcap'], in: ['nic-eth0-in.pcap', 'vif-guest-in.pcap'] } as const

const totals: [name: string, out: number, into: number][] = [
  ['bulk', 13_948, 684],
  ['web', 4_535, 3_029],
  ['voip', 1_626, 18],
]

for (const [name, out, into] of totals)
  test(`${name}: every byte arrives, in both directions`, async (t) => {
    const captured = await capture(checkScenario(replayed(name)))
    t.deepEqual([...captured.files.keys()].sort(), [...way.out, ...way.in].sort())
    for (const [direction, count] of [
      ['out', out],
      ['in', into],
    ] as const) {
      const [first, last] = [captured.records(way[direction][0]), captured.records(way[direction][1])]
      t.is(first.length, count)
      t.is(digestOf(first), digestOf(last))
      t.true(
        first.every(({ timeNs }, i) => timeNs <= (last[i]?.timeNs ?? 0)),
        'first here, then there',
      )
      await checkSource(t, captured, name, direction)
    }
    t.is(captured.results.packets.delivered, out + into)
  })

/** The first file of a direction has the capture's frames: lengths, times, headers; and something behind the headers. */
async function checkSource(
  t: { is: (a: unknown, b: unknown) => void; true: (value: boolean, message?: string) => void },
  captured: Captured,
  name: string,
  direction: CaptureDirection,
): Promise<void> {
  const source = await loadCapture(`examples/captures/${name}.pcap`, guest, direction)
  const frames = captured.records(way[direction][0])
  t.true(
    frames.every(
      ({ originalLength, bytes }, i) => originalLength === source.sizesBytes[i] && bytes.length === originalLength,
    ),
  )
  const headers = Buffer.from(source.headers)
  const snapLength = 96 // of the captures
  t.true(
    frames.every(({ bytes }, i) => {
      const header = headers.subarray(i * headerStride, (i + 1) * headerStride)
      const length = Math.min(snapLength, bytes.length)
      return header.subarray(0, length).equals(bytes.subarray(0, length))
    }),
    'headers',
  )
  const payloads = frames.map(({ bytes }) => bytes.subarray(headerStride)).filter((bytes) => bytes.length >= 16)
  t.is(new Set(payloads.map((bytes) => bytes.toString('hex', 0, 16))).size, payloads.length)
}

test('queues and one event channel change no byte', async (t) => {
  const plain = await capture(checkScenario(replayed('web')))
  for (const vif of [{ queues: 4 }, { queues: 8, splitEventChannels: false }, { splitEventChannels: false }]) {
    const captured = await capture(checkScenario(replayed('web', vif)))
    for (const name of [...way.out, ...way.in])
      t.is(unorderedDigestOf(captured.records(name)), unorderedDigestOf(plain.records(name)), name)
  }
})

/** a sends frames of many slots to b over a bridge. */
const bridged = (vif: object = {}): ScenarioInput => ({
  name: 'bridged',
  duration: '20ms',
  nics: { eth0: { rate: '40Gb/s', queue: '16MB' } },
  bridges: { br0: { nics: ['eth0'] } },
  vifs: { a: { uplink: 'br0', ...vif }, b: { uplink: 'br0', ...vif } },
  traffic: [
    { kind: 'constant', vif: 'a', to: 'b', rate: '2Gb/s', size: 9000, flows: 5 },
    { kind: 'constant', vif: 'a', to: 'b', rate: '4Gb/s', size: 65_000, gso: 1448, flows: 7 },
    { kind: 'constant', vif: 'a', to: 'b', rate: '10Mb/s', size: 60, jitter: 0.5 },
    { kind: 'constant', vif: 'b', to: 'a', rate: '100Mb/s', size: 1514 },
    { kind: 'constant', vif: 'b', rate: '100Mb/s', size: 65_535, gso: 8960, direction: 'in' },
  ],
  output: { pcap: { nics: ['eth0'], vifs: ['a', 'b'] } },
})

test('frames of many slots and with offload go from guest to guest as they are', async (t) => {
  const { records } = await capture(checkScenario(bridged()))
  const fromB = records('vif-b-in.pcap').filter(({ bytes }) => bytes.readUInt32BE(26) !== 0xc612_0001) // not outside
  t.is(digestOf(fromB), digestOf(records('vif-a-out.pcap')))
  t.is(
    digestOf(records('vif-a-in.pcap').filter(({ originalLength }) => originalLength === 1514)),
    digestOf(records('vif-b-out.pcap')),
  )
  const sizes = new Set(records('vif-a-out.pcap').map(({ originalLength }) => originalLength))
  t.deepEqual([...sizes].sort(), [60, 65_000, 9000])
  const protocols = new Set(records('vif-a-out.pcap').map(({ bytes }) => `${bytes.length} ${bytes[23]}`))
  t.deepEqual([...protocols].sort(), ['60 17', '65000 6', '9000 17'], 'TCP where segments are asked for')
})

test('several queues lose, add and change nothing either', async (t) => {
  for (const queues of [2, 8]) {
    const { records, results } = await capture(checkScenario(bridged({ queues, ringOrder: 1 })))
    t.is(results.packets.dropped, 0)
    const fromA = records('vif-b-in.pcap').filter(({ bytes }) => bytes.readUInt32BE(26) !== 0xc612_0001)
    t.is(unorderedDigestOf(fromA), unorderedDigestOf(records('vif-a-out.pcap')))
  }
})

test('a guest gets what came in over the wire, of any size', async (t) => {
  for (const size of [60, 1514, 4096, 4097, 9000, 65_535]) {
    const { records, results } = await capture(
      checkScenario({
        name: 'in',
        duration: '20ms',
        nics: { eth0: { rate: '10Gb/s' } },
        vifs: { v: { uplink: 'eth0' } },
        traffic: [{ kind: 'constant', vif: 'v', direction: 'in', rate: '800Mb/s', size, flows: 3, jitter: 1 }],
        output: { pcap: { nics: ['eth0'], vifs: ['v'] } },
      }),
    )
    t.true(records('vif-v-in.pcap').length > 20)
    t.is(results.vifs.v?.rx.deliveredPackets, records('vif-v-in.pcap').length)
    t.is(results.nics.eth0?.receivedPackets, records('nic-eth0-in.pcap').length)
    t.is(
      digestOf(records('nic-eth0-in.pcap').slice(0, records('vif-v-in.pcap').length)),
      digestOf(records('vif-v-in.pcap')),
    )
  }
})

test('the payload follows from the seed, and from nothing else', async (t) => {
  const scenario = checkScenario(bridged())
  const run = (change: object) => capture({ ...scenario, ...change })
  const [once, sampled, other] = await Promise.all([
    run({}),
    run({ output: { ...scenario.output, intervalNs: 7e5 } }),
    run({ seed: 2 }),
  ])
  for (const name of once.files.keys()) t.is(digestOf(sampled.records(name)), digestOf(once.records(name)))
  t.not(digestOf(other.records('vif-b-in.pcap')), digestOf(once.records('vif-b-in.pcap')))
  t.is((await simulate(scenario)).traceHash, once.results.traceHash, 'captures change no run')
})

test('with payload none the files hold headers, and every length', async (t) => {
  const scenario = checkScenario(bridged())
  const [copy, none] = [await capture(scenario), await capture({ ...scenario, payload: 'none' })]
  t.deepEqual([...none.files.keys()], [...copy.files.keys()])
  for (const name of copy.files.keys()) {
    const [whole, headers] = [copy.records(name), none.records(name)]
    t.is(headers.length, whole.length)
    t.true(
      headers.every(({ originalLength, timeNs, bytes }, i) => {
        const frame = whole[i]
        return (
          originalLength === frame?.originalLength &&
          timeNs === frame.timeNs &&
          bytes.length <= 128 &&
          bytes.equals(frame.bytes.subarray(0, bytes.length))
        )
      }),
      name,
    )
  }
})

test('tcpdump reads every file', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ringback-tcpdump-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  for (const payload of ['copy', 'none'] as const) {
    const { files, records } = await capture(checkScenario({ ...bridged(), payload }))
    t.is(files.size, 6)
    for (const [name, bytes] of files) {
      const file = path.join(folder, name)
      writeFileSync(file, bytes)
      const printed = execFileSync('tcpdump', ['-nn', '-r', file], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      t.is(
        printed.split('\n').filter((line) => / IP 10\.0\.0\.| IP 198\.18\.0\.1\./.test(line)).length,
        records(name).length,
        name,
      )
      t.false(printed.includes('truncated'))
    }
  }
})

test('what tcpdump checks in whole frames is right', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ringback-tcpdump-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const { files } = await capture(checkScenario(bridged()))
  const file = path.join(folder, 'a.pcap')
  writeFileSync(file, files.get('vif-b-in.pcap') ?? '')
  const printed = execFileSync('tcpdump', ['-nnvr', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  t.false(/bad cksum|bad length|invalid|malformed/i.test(printed))
  t.true(printed.split('\n').length > 100)
})

test('a source of ours can be replayed', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ringback-replay-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const { files, records } = await capture(checkScenario(bridged()))
  writeFileSync(path.join(folder, 'b.pcap'), files.get('vif-b-in.pcap') ?? '')
  const read = await loadCapture(path.join(folder, 'b.pcap'), '00:16:3e:00:00:01', 'in')
  t.is(read.count, records('vif-b-in.pcap').length)
})

test('time stands still while a piece is written, and what writing throws ends the run', async (t) => {
  const scenario = checkScenario({ ...bridged(), duration: '100ms' })
  let writing = 0
  const told: number[] = []
  const results = await simulate(scenario, {
    onCapture: async () => {
      t.is(++writing, 1, 'one at a time')
      const before = told.length
      await new Promise((resolve) => setTimeout(resolve, 5))
      t.is(told.length, before, 'nothing went on meanwhile')
      writing -= 1
    },
    onProgress: ({ simulatedNs }) => told.push(simulatedNs),
  })
  t.false(results.aborted)
  const full = new Error('disk full')
  await t.throwsAsync(simulate(scenario, { onCapture: () => Promise.reject(full) }), { is: full })
  await t.throwsAsync(simulate(scenario, { onCapture: 1 as never }), { code: 'ERR_INVALID_ARGUMENT' })
})

test('an abort leaves whole files', async (t) => {
  const scenario = checkScenario({ ...bridged(), duration: '1h', output: { interval: '1s', ...bridged().output } })
  const controller = new AbortController()
  const pieces: CaptureChunk[] = []
  const results = await simulate(scenario, {
    signal: controller.signal,
    onCapture: (piece) => void pieces.push(piece),
    onProgress: ({ simulatedNs }) => simulatedNs > 2e6 && controller.abort(),
  })
  t.true(results.aborted)
  const records = (name: string) =>
    recordsOf(Buffer.concat(pieces.filter(({ file }) => file === name).map(({ bytes }) => bytes)))
  t.is(results.nics.eth0?.sentPackets, records('nic-eth0.pcap').length)
  t.is(results.nics.eth0?.receivedPackets, records('nic-eth0-in.pcap').length)
  t.is(results.vifs.b?.rx.deliveredPackets, records('vif-b-in.pcap').length)
  t.is(results.vifs.a?.rx.deliveredPackets, records('vif-a-in.pcap').length)
})
