import { z } from 'zod'

import { bondKeysAt, bondsSchema } from '../bonding/schema.ts'
import { parseRate } from '../units.ts'
import { control, controlKeys, detectorKeys, eventKeys, events, weight } from './control-schema.ts'
import {
  bitRate,
  cost,
  duration,
  flag,
  maxDurationNs,
  named,
  names,
  size,
  text,
  unit,
  whole,
} from '../reading/schema-words.ts'
import { sourceKeys, sourceSchema, weightedSizeKeys } from './traffic-schema.ts'

// The scenario's keys, their ranges and defaults: docs for people, a JSON Schema for editors and the check itself come
// from here.

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

const bridge = z
  .strictObject(
    {
      nics: names(
        'NIC',
        'eth0',
        'The NICs and bonds that are its ports. Every vif whose uplink it is is a port too.',
      ).prefault([]),
      ageing: duration(
        0,
        maxDurationNs,
        'write a duration, as in 300s',
        'How long an address is kept after its last frame. 0s: none is learned and every frame is flooded.',
      ).prefault('300s'),
    },
    { error: 'write the keys of a bridge, as in { nics: [eth0] }' },
  )
  .meta({ description: "A learning bridge, as Linux's without spanning tree." })

const vif = z
  .strictObject(
    {
      uplink: text(
        'name the NIC, bond or bridge that it is connected to, as in eth0',
        'The NIC, bond or bridge that its traffic goes through.',
      ),
      rate: unit({
        parse: parseRate,
        fix: "write a rate in xl's syntax, as in 10Mb/s or 1MB/s@20ms; leave the key out for no cap",
        description: "Xen's cap in xl's syntax; absent: none.",
        examples: ['10Mb/s', '1MB/s@20ms'],
      }).optional(),
      min: bitRate(
        'What the guest can send whatever the others do; kept by the policies adaptive and reserved.',
      ).optional(),
      weight: weight('Its part of what is left beside the mins, among those who want it.').prefault(1),
      ringOrder: whole(0, 4, 'The transmit ring has 2^ringOrder pages: 256 slots at 0, 4096 at 4.').prefault(0),
      backlog: whole(1, 1_000_000, "Frames that the guest queues before the ring: Linux's txqueuelen.").prefault(1000),
      queues: whole(1, 8, 'Pairs of rings; a flow stays on one of them.').prefault(1),
      splitEventChannels: flag('An event channel for each ring (Linux), or one for both rings of a queue.').prefault(
        true,
      ),
      batch: whole(
        1,
        64,
        "Frames that the back end takes at most before it looks at what else there is to do: NAPI's weight.",
      ).prefault(64),
      notifications: z
        .enum(['suppressed', 'always'], { error: 'write suppressed or always' })
        .meta({
          description:
            'suppressed: a side is notified when it asked to be, as Xen has it; always: each time that the other side has put something on the ring.',
        })
        .prefault('suppressed'),
      txSlots: whole(
        17,
        4096,
        'Slots of its transmit ring that the guest uses at most, as byte queue limits have it do; absent: all.',
      ).optional(),
      jiffies: whole(10, 10_000, 'Emulate the clock of a Linux back end with this HZ; absent: nanoseconds.').optional(),
    },
    { error: 'write the keys of a vif, as in { uplink: eth0, rate: 10Mb/s }' },
  )
  .meta({ description: 'A virtual interface: front end in the guest, back end in the host, one credit shaper.' })

const costs = z
  .strictObject(
    {
      packet: cost(1e9, '1ms', '300ns', 'For each packet that is taken or placed.').prefault('0ns'),
      byte: cost(1e6, '1us', '0.05ns', 'For each byte that is copied, in steps of 0.001ns.').prefault('0ns'),
      notify: cost(1e9, '1ms', '1us', 'For each event that is handled or sent.').prefault('0ns'),
      cores: whole(1, 64, 'Cores of the driver domain, which all back ends share.').prefault(1),
    },
    { error: 'write what the work of back ends costs, as in { packet: 300ns, byte: 0.05ns, notify: 1us, cores: 1 }' },
  )
  .meta({ description: "What the back ends' work costs, and the cores that do it; absent: it takes no time." })

const pcap = z
  .strictObject(
    {
      nics: names('NIC', 'eth0', 'What left these NICs and what came in: nic-NAME.pcap, nic-NAME-in.pcap.').prefault(
        [],
      ),
      vifs: names(
        'vif',
        'web',
        'What these guests sent and what reached them: vif-NAME-out.pcap, vif-NAME-in.pcap.',
      ).prefault([]),
    },
    { error: 'write { nics: [eth0], vifs: [web] }' },
  )
  .meta({ description: 'Captures to write, classic pcap. With payload: none they hold headers only.' })

const output = z.strictObject(
  {
    interval: duration(1000, maxDurationNs, 'write a duration from 1us, as in 100ms', 'Time between samples.').prefault(
      '100ms',
    ),
    pcap: pcap.optional(),
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
      costs: costs.optional(),
      nics: named(nic, 'write at least one NIC, as in { eth0: { rate: 1Gb/s } }', "The host's NICs, by name."),
      bonds: bondsSchema.prefault({}),
      bridges: named(bridge, 'write bridges as in { br0: { nics: [eth0] } }', 'Bridges of the host, by name.').prefault(
        {},
      ),
      vifs: named(vif, 'write at least one vif, as in { web: { uplink: eth0 } }', 'The vifs, by name.'),
      traffic: z
        .array(sourceSchema, { error: 'write a list of sources, each - { kind: ... }' })
        .meta({ description: 'What the guests send and get.' }),
      events: events.prefault([]),
      control: control.prefault({}),
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
  if (section === 'costs') return keysOf(costs)
  if (section === 'nics') return keysOf(nic)
  if (section === 'bonds') return bondKeysAt(path.slice(1))
  if (section === 'bridges') return keysOf(bridge)
  if (section === 'vifs') return keysOf(vif)
  if (section === 'events') return eventKeys
  if (section === 'control') return path[1] === 'detector' ? detectorKeys : controlKeys
  if (section === 'output') return keysOf(path[1] === 'pcap' ? pcap : output)
  return path[2] === 'sizes' ? weightedSizeKeys : sourceKeys(kind)
}
