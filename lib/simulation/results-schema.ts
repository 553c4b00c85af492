import { z } from 'zod'

import { bondModes } from '../bonding/options.ts'
import { policyNames } from '../policy/policy.ts'
import { dropCauses } from './vif-counters.ts'

// A `ringback.results/1` file. results.ts says what its keys mean, and a test holds the two together. What came after
// its first version may be missing: it is optional here, or is read as what it would have been then.

/** No count, rate or time is below 0, and JSON has no infinite one. */
const amount = z.number().min(0)
const rate = amount.nullable()
const name = z.string().max(64)

const drops = z.object(
  Object.fromEntries(dropCauses.map((cause) => [cause, amount.default(0)])) as Record<
    (typeof dropCauses)[number],
    z.ZodDefault<typeof amount>
  >,
)
const latency = z.object({ p50: amount, p99: amount, max: amount })
const totals = z.object({ offered: amount, copied: amount, delivered: amount, dropped: amount, queued: amount })

const flow = z.object({
  offeredPackets: amount,
  offeredBytes: amount,
  deliveredPackets: amount,
  deliveredBytes: amount,
  droppedPackets: amount,
  droppedBytes: amount,
  queuedPackets: amount,
  queuedBytes: amount,
  drops,
})
const direction = flow.extend({
  arrivedPackets: amount,
  arrivedBytes: amount,
  copiedPackets: amount,
  copiedBytes: amount,
  forwardedPackets: amount,
  forwardedBytes: amount,
  throughputBps: amount,
  latencyNs: latency,
})

const tcp = z.object({
  flows: amount,
  goodputBytes: amount,
  goodputBps: amount,
  segments: amount,
  retransmits: amount,
  spuriousRetransmits: amount,
  fastRecoveries: amount,
  timeouts: amount,
  undos: amount,
  outOfOrder: amount,
  rttNs: latency,
})

const vif = flow.extend({
  tx: direction,
  rx: direction,
  heldBackSeconds: amount,
  spuriousEvents: amount,
  notifications: z.object({ toBackEnd: amount, toFrontEnd: amount }),
  throughputBps: amount,
  rateBps: rate,
  minBps: rate.default(null),
  weight: amount.default(1),
  shortfall: z.object({ ratio: amount, seconds: amount }).default({ ratio: 0, seconds: 0 }),
  latencyNs: latency,
  carrier: z.boolean(),
  fault: z.string().nullable(),
  tcp: tcp.exactOptional(),
})

const nic = z.object({
  sentPackets: amount,
  sentBytes: amount,
  utilisation: amount,
  drops: amount,
  droppedBytes: amount,
  linkDrops: amount.default(0),
  linkDroppedBytes: amount.default(0),
  rateBps: amount.exactOptional(),
  link: z.enum(['up', 'down']).default('up'),
  receivedPackets: amount,
  receivedBytes: amount,
  receiveUtilisation: amount,
  receiveDrops: amount,
  receiveDroppedBytes: amount,
})

const bond = z.object({
  mode: z.enum(bondModes),
  nics: z.array(name),
  sentPackets: amount,
  sentBytes: amount,
  drops: amount,
  droppedBytes: amount,
  inactiveDrops: amount,
  inactiveDroppedBytes: amount,
  reordered: amount,
  failovers: amount,
  ownFrames: amount,
  capacityBps: amount,
  activeNic: name.nullable(),
  upNics: amount,
})

const backEnd = z.object({
  cores: amount,
  busySeconds: amount,
  utilisation: amount,
  wakeups: amount,
  polls: amount,
  packetsPerPoll: amount,
  nsPerPacket: amount,
})

const setting = z.union([rate, z.enum(['up', 'down'])])
const change = z.object({
  seconds: amount,
  vif: name.exactOptional(),
  nic: name.exactOptional(),
  key: z.enum(['rate', 'min', 'weight', 'link']),
  from: setting,
  to: setting,
})

const amounts = z.array(amount)
const rates = z.array(rate)
const series = z.object({
  intervalSeconds: amount,
  t: amounts,
  vifs: z.record(
    name,
    z.object({
      throughputBps: amounts,
      demandBps: amounts,
      receiveBps: amounts,
      allocationBps: rates,
      busy: z.array(z.boolean()).exactOptional(),
      minBps: rates.exactOptional(),
      rateBps: rates.exactOptional(),
    }),
  ),
  nics: z.record(
    name,
    z.object({ utilisation: amounts, receiveUtilisation: amounts, rateBps: amounts.exactOptional() }),
  ),
  bonds: z
    .record(
      name,
      z.object({
        capacityBps: amounts,
        upNics: amounts,
        failovers: amounts,
        activeNic: z.array(name.nullable()).exactOptional(),
      }),
    )
    .default({}),
})

export const resultsSchema = z.object({
  schema: z.literal('ringback.results/1'),
  scenario: z.string().max(4096),
  seed: amount,
  policy: z.enum(policyNames),
  aborted: z.boolean(),
  simulatedSeconds: amount,
  wallSeconds: amount,
  packets: totals,
  bytes: totals,
  packetsPerWallSecond: amount,
  traceHash: z.string().max(64),
  vifs: z.record(name, vif),
  nics: z.record(name, nic),
  bridges: z.record(name, z.object({ learned: amount, moved: amount, refused: amount, flooded: amount })),
  bonds: z.record(name, bond),
  backEnd: backEnd.exactOptional(),
  uplinks: z.record(
    name,
    z.object({
      fairness: z.number().nullable(),
      capacityBps: rate.default(null),
      minsScaledSeconds: amount.default(0),
    }),
  ),
  changes: z.array(change).default([]),
  series,
})

/** The results of a run of this version or of an earlier one, whose files lack what came later. */
export type SavedResults = z.output<typeof resultsSchema>
