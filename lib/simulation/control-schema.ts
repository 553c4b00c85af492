import { z } from 'zod'

import { mostWeight, policyNames } from '../policy/policy.ts'
import { bitRate, duration, fraction, maxDurationNs, text, whole } from '../reading/schema-words.ts'

// The keys of what changes while a scenario runs: its events, and the controller that shares bandwidth.

export const weight = (description: string) => whole(1, mostWeight, description)

const timeFix = 'write a time of the run, as in 20s'
const eventRateFix = "write a rate, as in 10Mb/s, or a vif's none"
const eventMinFix = 'write a rate, as in 300Mb/s, or none'

const event = z
  .strictObject(
    {
      at: z.union([z.literal(0), duration(0, maxDurationNs, timeFix, 'When it happens.')], { error: timeFix }),
      vif: text('name a vif, as in web', 'The vif whose rate, min or weight changes.').optional(),
      nic: text('name a NIC, as in eth0', 'The NIC whose link or rate changes.').optional(),
      // What may stand there depends on whose it is: event-checks.ts reads it.
      rate: text(eventRateFix, "A vif's new cap in xl's syntax, or none; or a NIC's new speed.")
        .meta({ examples: ['10Mb/s', '1MB/s@20ms', 'none'] })
        .optional(),
      min: z
        .union([z.literal('none').transform(() => null), bitRate("A vif's new min.")], { error: eventMinFix })
        .meta({ description: "A vif's new min, or none." })
        .optional(),
      weight: weight("A vif's new weight.").optional(),
      link: z
        .enum(['up', 'down'], { error: 'write up or down' })
        .meta({ description: "Whether a NIC's wire is plugged in. What is to be sent while it is down is lost." })
        .optional(),
    },
    {
      error:
        'write when, of which vif or NIC, and what, as in { at: 20s, vif: web, rate: 50Mb/s } or { at: 30s, nic: eth0, link: down }',
    },
  )
  .meta({ description: 'A change at a time of the run: of a vif, or of a NIC.' })

export const events = z
  .array(event, { error: 'write a list of events, each - { at: 20s, vif: web, rate: 50Mb/s }' })
  .meta({ description: 'What changes while the scenario runs.' })

const detector = z
  .strictObject(
    {
      enter: fraction(0.01, 1, 'Part of its rate at or above which a sample speaks for busy.').prefault(0.9),
      leave: fraction(0.01, 1, 'Part of its rate below which a sample speaks against.').prefault(0.7),
      accumulate: whole(1, 1000, 'Samples that speak for busy, less those against it, until it is busy.').prefault(3),
      dwell: duration(
        0,
        maxDurationNs,
        'write a duration, as in 1s',
        'How long it stays busy or idle at least.',
      ).prefault('200ms'),
    },
    { error: 'write { enter: 0.9, leave: 0.7, accumulate: 3 }' },
  )
  .meta({ description: 'When a vif or a NIC is called busy.' })

export const control = z
  .strictObject(
    {
      policy: z
        .enum(policyNames, { error: `write ${policyNames.join(', ')}` })
        .meta({
          description:
            "How an uplink is shared. credit: Xen's caps alone; adaptive: caps are set anew each interval, so that mins are kept; reserved: mins are kept packet by packet.",
        })
        .prefault('credit'),
      interval: duration(
        100_000,
        maxDurationNs,
        'write a duration from 100us, as in 100ms',
        'Time between looks at the counters.',
      ).prefault('100ms'),
      detector: detector.prefault({}),
      window: duration(
        10_000,
        1e9,
        'write a duration from 10us to 1s, as in 1ms',
        "The longest window of adaptive's credit; absent: 1 ms, or half the NIC's queue where that is shorter.",
      ).optional(),
    },
    { error: 'write { policy: adaptive, interval: 100ms }' },
  )
  .meta({ description: 'The controller: what it looks at, and what it does about it.' })

const keysOf = (schema: { shape: object }): string[] => Object.keys(schema.shape)

export const eventKeys = keysOf(event)
export const controlKeys = keysOf(control)
export const detectorKeys = keysOf(detector)
