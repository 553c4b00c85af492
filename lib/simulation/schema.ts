import { z } from 'zod'

import { RingbackError } from '../errors.ts'
import { quote } from '../quote.ts'
import { parseBitRate, parseDuration, parseRate, parseSize } from '../units.ts'

// The scenario's keys, their ranges and defaults: docs for people, a JSON Schema for editors and the check itself come
// from here. An `error` says only how to write the value; scenario-problems.ts says before it what is wrong.

const maxRateBps = 10e12
const maxDurationNs = 30 * 24 * 3600 * 1e9
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** A text that `parse` turns into a value; what it throws becomes the message. */
function unit<T>(options: { parse: (text: string) => T; fix: string; description: string; examples: string[] }) {
  const { parse, fix, description, examples } = options
  return z
    .string({ error: fix })
    .meta({ description, examples })
    .transform((text, context): T => {
      try {
        return parse(text)
      } catch (error) {
        if (!(error instanceof RingbackError)) throw error
        context.issues.push({ code: 'custom', message: error.message, input: text })
        return z.NEVER
      }
    })
}

/** `parse`, then a range in which the result must be. */
function ranged(parse: (text: string) => number, least: number, most: number, fix: string) {
  return (text: string): number => {
    const value = parse(text)
    if (value < least || value > most) throw new RingbackError('ERR_UNIT', `${quote(text)} is out of range; ${fix}`)
    return value
  }
}

const duration = (least: number, most: number, fix: string, description: string) =>
  unit({ parse: ranged(parseDuration, least, most, fix), fix, description, examples: ['100ms', '1.5s'] })

const startTime = () =>
  z.union([z.literal(0), duration(0, maxDurationNs, 'write a time of the run, as in 5s', 'When the source starts.')], {
    error: 'write a time of the run, as in 5s',
  })

const bitRate = (description: string) => {
  const fix = 'write a rate up to 10000Gb/s, as in 100Mb/s'
  return unit({ parse: ranged(parseBitRate, 1, maxRateBps, fix), fix, description, examples: ['100Mb/s', '2.5Gb/s'] })
}

/** Bytes: a bare number or a size with a unit. */
const size = (least: number, most: number, example: string, description: string) => {
  const fix = `write a size from ${least} to ${most} bytes, as in ${example}`
  const text = unit({ parse: ranged(parseSize, least, most, fix), fix, description, examples: [example] })
  return z.union([whole(least, most, description, fix), text], { error: fix }).meta({ description })
}

function whole(least: number, most: number, description: string, fix = `write a whole number, ${least} to ${most}`) {
  return z.int({ error: fix }).min(least, { error: fix }).max(most, { error: fix }).meta({ description })
}

function fraction(least: number, most: number, description: string) {
  const fix = `write a number from ${least} to ${most}`
  return z.number({ error: fix }).min(least, { error: fix }).max(most, { error: fix }).meta({ description })
}

function text(fix: string, description: string) {
  return z.string({ error: fix }).min(1, { error: fix }).max(4096, { error: fix }).meta({ description })
}

/** An object of named things, at least one. */
function named<T extends z.ZodType>(value: T, fix: string, description: string) {
  const nameFix = 'use letters, digits, dots, dashes and underscores, at most 64, as in eth0'
  return z.record(z.string().regex(namePattern, { error: nameFix }), value, { error: fix }).meta({ description })
}

const nic = z
  .strictObject(
    {
      rate: bitRate('The speed of the wire.'),
      queue: size(
        1514,
        16e9,
        '512KB',
        'Bytes that may wait for the wire; what comes when it is full is lost.',
      ).prefault('512KB'),
      propagation: duration(0, 10e9, 'write a duration up to 10s, as in 20us', 'Delay after the wire.').prefault('0ns'),
      overhead: size(0, 1000, '24B', "Bytes that the wire adds to each frame: Ethernet's are 24.").prefault(0),
    },
    { error: 'write the keys of a NIC, as in { rate: 1Gb/s }' },
  )
  .meta({ description: 'A NIC of the host: a byte queue before a wire.' })

const vif = z
  .strictObject(
    {
      uplink: text('name the NIC that it sends through, as in eth0', 'The NIC that its traffic leaves through.'),
      rate: unit({
        parse: parseRate,
        fix: "write a rate in xl's syntax, as in 10Mb/s or 1MB/s@20ms; leave the key out for no cap",
        description: "Xen's cap in xl's syntax; absent: none.",
        examples: ['10Mb/s', '1MB/s@20ms'],
      }).optional(),
      ringOrder: whole(0, 4, 'The transmit ring has 2^ringOrder pages: 256 slots at 0, 4096 at 4.').prefault(0),
      backlog: whole(1, 1_000_000, "Frames that the guest queues before the ring: Linux's txqueuelen.").prefault(1000),
      jiffies: whole(10, 10_000, 'Emulate the clock of a Linux back end with this HZ; absent: nanoseconds.').optional(),
    },
    { error: 'write the keys of a vif, as in { uplink: eth0, rate: 10Mb/s }' },
  )
  .meta({ description: 'A virtual interface: front end in the guest, back end in the host, one credit shaper.' })

const vifOfSource = () => text('name the vif that sends it, as in web', 'The vif that sends it.')
const stopTime = () =>
  duration(1, maxDurationNs, 'write a time of the run, as in 55s', 'When the source stops; absent: with the run.')

const constant = z.strictObject({
  kind: z.literal('constant').meta({ description: 'Frames of one size at even distances.' }),
  vif: vifOfSource(),
  rate: bitRate('Offered load, frames without FCS.'),
  size: size(60, 65535, '1500', 'Bytes of a frame without FCS.'),
  start: startTime().prefault(0),
  stop: stopTime().optional(),
  flows: whole(1, 64511, 'Frames belong to this many flows in turn.').prefault(1),
  jitter: fraction(0, 1, 'Each frame is late by a random part of the distance, below this.').prefault(0),
})

const replay = z.strictObject({
  kind: z.literal('replay').meta({ description: 'Frames of a capture, at its times and lengths.' }),
  vif: vifOfSource(),
  pcap: text('name a classic pcap file, as in captures/web.pcap', 'A classic pcap file, relative to the scenario.'),
  guest: z
    .string({ error: "write the guest's MAC in quotes, as in 'fe:b6:f2:0c:ea:6f'" })
    .regex(/^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$/, {
      error: "write the guest's MAC in quotes, as in 'fe:b6:f2:0c:ea:6f'",
    })
    .meta({ description: "Frames with this source MAC are the guest's; the others are left out." }),
  loop: z
    .boolean({ error: 'write true or false' })
    .meta({ description: 'Start again when the capture is over.' })
    .prefault(false),
  speed: fraction(0.001, 1_000_000, 'How many times faster than captured.').prefault(1),
  start: startTime().prefault(0),
  stop: stopTime().optional(),
})

/** The kinds of traffic that this version has. */
export const sourceSchemas = { constant, replay }

const output = z.strictObject(
  {
    interval: duration(1000, maxDurationNs, 'write a duration from 1us, as in 100ms', 'Time between samples.').prefault(
      '100ms',
    ),
  },
  { error: 'write { interval: 100ms }' },
)

/** A scenario as people write it: words and units. */
export const scenarioSchema = z
  .strictObject(
    {
      name: text('give the scenario a name', 'What the scenario is called.'),
      duration: duration(1, maxDurationNs, 'write a duration up to 720h, as in 60s', 'Virtual time to simulate.'),
      seed: whole(0, Number.MAX_SAFE_INTEGER, 'The same seed gives the same run.').prefault(1),
      payload: z
        .enum(['copy', 'none'], { error: 'write copy or none' })
        .meta({ description: 'copy: frame bytes are grant-copied; none: descriptors and validation only.' })
        .prefault('copy'),
      nics: named(nic, 'write at least one NIC, as in { eth0: { rate: 1Gb/s } }', "The host's NICs, by name."),
      vifs: named(vif, 'write at least one vif, as in { web: { uplink: eth0 } }', 'The vifs, by name.'),
      traffic: z
        .array(z.discriminatedUnion('kind', [constant, replay]), {
          error: 'write a list of sources, each - { kind: ... }',
        })
        .meta({ description: 'What the guests send.' }),
      output: output.prefault({}).meta({ description: 'What is recorded.' }),
    },
    { error: 'write a map with name, duration, nics, vifs and traffic' },
  )
  .meta({ title: 'Ringback scenario', description: 'Guests, their caps, NICs and traffic for `ringback run`.' })

/** A scenario as people write it; {@link checkScenario} takes it. */
export type ScenarioInput = z.input<typeof scenarioSchema>
/** A scenario with its units read and its defaults filled in, names not yet looked up. */
export type CheckedInput = z.output<typeof scenarioSchema>

/** The scenario's JSON Schema, for editors. */
export function scenarioJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(scenarioSchema, { io: 'input', target: 'draft-7' })
}

const keysOf = (schema: { shape: object }): string[] => Object.keys(schema.shape)

/** The keys that the object at `path` may have; `kind` is the kind of the source there. */
export function keysAt(path: readonly PropertyKey[], kind: unknown): string[] {
  const [section] = path
  if (section === undefined) return keysOf(scenarioSchema)
  if (section === 'nics') return keysOf(nic)
  if (section === 'vifs') return keysOf(vif)
  if (section === 'output') return keysOf(output)
  return keysOf(kind === 'replay' ? replay : constant)
}
