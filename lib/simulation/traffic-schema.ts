import { z } from 'zod'

import {
  bitRate,
  duration,
  flag,
  fraction,
  maxDurationNs,
  size,
  startTime,
  text,
  whole,
} from '../reading/schema-words.ts'

// The kinds of traffic and their keys.

const vif = () => text('name the vif that sends it, as in web', 'The vif that sends or, with direction: in, gets it.')
const direction = () =>
  z
    .enum(['out', 'in'], { error: 'write out or in' })
    .meta({ description: 'out: the guest sends the frames; in: they come over the wire and go to the guest.' })
    .prefault('out')
const stop = () =>
  duration(1, maxDurationNs, 'write a time of the run, as in 55s', 'When the source stops; absent: with the run.')
const to = () =>
  text(
    'name the vif that gets it, as in db',
    'Another vif on the same bridge, whose address the frames have; absent: a station outside.',
  )
const gso = () =>
  size(
    536,
    8960,
    '1448',
    'TCP frames larger than the MTU, to be cut into segments with so many bytes of payload; absent: UDP frames.',
  )
const frameSize = () => size(60, 65535, '1500', 'Bytes of a frame without FCS.')
const flows = () => whole(1, 64511, 'Frames belong to this many flows in turn.').prefault(1)

const constant = z.strictObject({
  kind: z.literal('constant').meta({ description: 'Frames of one size at even distances.' }),
  vif: vif(),
  rate: bitRate('Offered load, frames without FCS.'),
  size: frameSize(),
  direction: direction(),
  to: to().optional(),
  gso: gso().optional(),
  start: startTime().prefault(0),
  stop: stop().optional(),
  flows: flows(),
  jitter: fraction(0, 1, 'Each frame is late by a random part of the distance, below this.').prefault(0),
})

const weightedSize = z.strictObject(
  { size: frameSize(), weight: whole(1, 1000, 'How often it comes among the others.').prefault(1) },
  { error: 'write a size and its weight, as in { size: 590, weight: 4 }' },
)
const mixFix = 'write 1 to 16 sizes, as in [{ size: 60, weight: 7 }, { size: 1514, weight: 1 }]'

const poisson = z.strictObject({
  kind: z.literal('poisson').meta({ description: 'Frames at random times: exponentially distributed distances.' }),
  vif: vif(),
  rate: bitRate('Mean offered load, frames without FCS.'),
  size: frameSize().optional(),
  sizes: z
    .array(weightedSize, { error: mixFix })
    .min(1, { error: mixFix })
    .max(16, { error: mixFix })
    .meta({ description: 'Instead of size: each frame has one of these at random, by weight.' })
    .optional(),
  direction: direction(),
  to: to().optional(),
  gso: gso().optional(),
  start: startTime().prefault(0),
  stop: stop().optional(),
  flows: flows(),
})

const period = (example: string, description: string) =>
  duration(1, maxDurationNs, `write a duration from 1ns, as in ${example}`, description)

const onoff = z.strictObject({
  kind: z.literal('onoff').meta({ description: 'Frames at even distances for a time, then none for a time.' }),
  vif: vif(),
  rate: bitRate('Offered load while it is on, frames without FCS.'),
  size: frameSize(),
  on: period('10ms', 'Mean of the times in which it sends, the first from the start; at least a frame at the rate.'),
  off: period('30ms', 'Mean of the times in which it does not.'),
  distribution: z
    .enum(['exponential', 'fixed'], { error: 'write exponential or fixed' })
    .meta({ description: 'exponential: on and off times are random; fixed: each is exactly its mean.' })
    .prefault('exponential'),
  direction: direction(),
  to: to().optional(),
  gso: gso().optional(),
  start: startTime().prefault(0),
  stop: stop().optional(),
  flows: flows(),
})

const pointFix = 'write [bytes, share], with whole bytes up to 10^12 and a share from 0 to 1, as in [10000, 0.15]'
const point = z.tuple(
  [
    z.int({ error: pointFix }).min(0, { error: pointFix }).max(1e12, { error: pointFix }),
    z.number({ error: pointFix }).min(0, { error: pointFix }).max(1, { error: pointFix }),
  ],
  { error: pointFix },
)
const pointsFix = 'write 2 to 64 points that rise from share 0 to share 1, as in [[0, 0], [1000, 0.5], [100000, 1]]'

const flowsKind = z.strictObject({
  kind: z.literal('flows').meta({ description: 'Flows with random sizes that come at random times.' }),
  vif: vif(),
  distribution: z
    .enum(['websearch', 'datamining'], { error: 'write websearch or datamining' })
    .meta({ description: "Sizes of flows in bytes: DCTCP's web search (2010) or VL2's data mining (2009) cluster." })
    .optional(),
  sizes: z
    .array(point, { error: pointsFix })
    .min(2, { error: pointsFix })
    .max(64, { error: pointsFix })
    .meta({ description: 'Instead of distribution: [bytes, share of flows with at most so many], lines between.' })
    .optional(),
  load: bitRate('Mean offered load of all flows, frames without FCS.'),
  rate: bitRate("A flow's own rate while it sends."),
  size: frameSize().prefault(1500),
  active: whole(1, 4096, 'Flows at a time, each with ports of its own; more wait for one to end.').prefault(128),
  direction: direction(),
  to: to().optional(),
  start: startTime().prefault(0),
  stop: stop().optional(),
})

const replay = z.strictObject({
  kind: z.literal('replay').meta({ description: 'Frames of a capture, at its times and lengths.' }),
  vif: vif(),
  pcap: text('name a classic pcap file, as in captures/web.pcap', 'A classic pcap file, relative to the scenario.'),
  guest: z
    .string({ error: "write the guest's MAC in quotes, as in 'fe:b6:f2:0c:ea:6f'" })
    .regex(/^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$/, {
      error: "write the guest's MAC in quotes, as in 'fe:b6:f2:0c:ea:6f'",
    })
    .meta({
      description: "The guest's MAC. out: the frames from it; in: those from others that are sent to it or to a group.",
    }),
  direction: direction(),
  loop: flag('Start again when the capture is over.').prefault(false),
  speed: fraction(0.001, 1_000_000, 'How many times faster than captured.').prefault(1),
  start: startTime().prefault(0),
  stop: stop().optional(),
})

/** Connections of a source; a world has 64512 in all. */
const maxConnections = 4096
const maxSeconds = 60e9

const tcp = z.strictObject({
  kind: z.literal('tcp').meta({ description: 'TCP connections that always have more to send: a closed loop.' }),
  vif: vif(),
  flows: whole(1, maxConnections, 'Connections side by side.').prefault(1),
  congestion: z
    .enum(['cubic', 'reno'], { error: 'write cubic or reno' })
    .meta({ description: 'How the window grows and shrinks: CUBIC (RFC 9438) or NewReno (RFC 5681, 6582).' })
    .prefault('cubic'),
  rtt: duration(
    1000,
    10e9,
    'write a time from 1us to 10s, as in 200us',
    'Delay behind the wire, or between two guests, there and back together.',
  ).prefault('200us'),
  size: size(128, 9018, '1514', "Bytes of a full segment's frame without FCS.").prefault(1514),
  gso: size(128, 65535, '65535', "Bytes of the largest frame that the guest's TCP hands down at once.").prefault(65535),
  sack: flag('Selective acknowledgements, and those of duplicates.').prefault(true),
  reordering: z
    .enum(['fixed', 'adaptive', 'rack'], { error: 'write fixed, adaptive or rack' })
    .meta({
      description:
        'fixed: three segments that overtook another show its loss; adaptive: as many as once overtook one that was not lost; rack: time does (RFC 8985), with SACK.',
    })
    .prefault('fixed'),
  bytes: size(1, 1e12, '100MB', 'What each connection has to send; absent: it never ends.').optional(),
  delayedAck: duration(
    1,
    maxSeconds,
    'write a time up to 1m, as in 40ms',
    'How long an acknowledgement of a single segment waits for another.',
  ).prefault('40ms'),
  minRto: duration(
    1000,
    maxSeconds,
    'write a time from 1us to 1m, as in 200ms',
    'What the retransmission timer adds to the round trip time at least.',
  ).prefault('200ms'),
  window: size(20_000, 2 ** 30 - 1, '3MiB', "The receiver's window.").prefault(3 * 2 ** 20),
  direction: direction(),
  to: to().optional(),
  start: startTime().prefault(0),
  stop: stop().optional(),
})

/** The kinds of traffic that this version has. */
export const sourceSchemas = { constant, poisson, onoff, flows: flowsKind, replay, tcp }

/** A source of any kind. */
export const sourceSchema = z.discriminatedUnion('kind', [constant, poisson, onoff, flowsKind, replay, tcp])

const keysOf = (schema: { shape: object }): string[] => Object.keys(schema.shape)

/** The keys of a source of this kind; of `constant` where there is none such. */
export function sourceKeys(kind: unknown): string[] {
  const known = typeof kind === 'string' && Object.hasOwn(sourceSchemas, kind)
  return keysOf(known ? sourceSchemas[kind as keyof typeof sourceSchemas] : constant)
}

/** The keys of a frame's size in a mix. */
export const weightedSizeKeys = keysOf(weightedSize)
