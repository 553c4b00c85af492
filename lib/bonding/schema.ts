import { z } from 'zod'

import { duration, flag, named, names, text, whole } from '../reading/schema-words.ts'
import {
  adSelects,
  bondModes,
  lacpRates,
  linuxModes,
  maxBondNics,
  partnerActivities,
  primaryReselects,
  xmitHashPolicies,
} from './options.ts'

// A bond's keys and their ranges. What is absent has Linux's default, which config.ts fills in: checks.ts has to see
// what was written.

const mostMs = 2 ** 31 - 1
const mostNs = mostMs * 1e6

const word = <const T extends readonly string[]>(words: T, description: string) =>
  z.enum(words, { error: `write ${words.join(', ')}` }).meta({ description })

const modeFix = `write ${bondModes.join(', ')}`
const mode = z
  .enum(bondModes, {
    error: ({ input }) => {
      const name = typeof input === 'number' ? linuxModes[input] : undefined
      return name === undefined ? modeFix : `write Linux's name of it, mode: ${name}`
    },
  })
  .meta({ description: "How the NICs are used: Linux's seven modes, and two of ours. Absent: balance-rr." })

const delay = (what: string) =>
  duration(0, mostNs, 'write a duration, as in 200ms', `${what}: whole multiples of miimon. Absent: 0ms.`).optional()

/** 0 will do for none. */
const monitor = z
  .union(
    [
      z.literal(0),
      duration(0, mostNs, 'write a duration, as in 100ms', 'Time between looks at the links.').refine(
        (ns) => ns === 0 || ns >= 100_000,
        { error: 'is too often; write 100us or more, or 0ms for no monitor' },
      ),
    ],
    { error: 'write a duration, as in 100ms' },
  )
  .meta({
    description:
      'Time between looks at the links. Absent or 0ms: links are not looked at, but 100ms in 802.3ad, balance-tlb and balance-alb.',
  })
  .optional()

const partner = z
  .strictObject(
    {
      lacp: word(partnerActivities, 'Whether the other end begins, only answers, or knows no LACP. Absent: active.'),
      lacpRate: word(lacpRates, 'How often the other end wants to hear from us. Absent: slow.'),
      switches: z
        .array(whole(0, maxBondNics - 1, 'The number of a switch.'), {
          error: 'write the number of a switch for each NIC, as in [0, 0, 1, 1]',
        })
        .meta({ description: 'Which switch each NIC is plugged into. Absent: all into one.' }),
    },
    { error: 'write the keys of a partner, as in { lacp: passive }' },
  )
  .partial()
  .meta({ description: 'The other end of the wires, for 802.3ad.' })

/** A bond as people write it. */
export const bondSchema = z
  .strictObject(
    {
      mode: mode.optional(),
      nics: names('NIC', 'eth0', 'The NICs that it is made of, 1 to 32.'),
      miimon: monitor,
      updelay: delay('How long a NIC must have its link before it is used'),
      downdelay: delay('How long a NIC that has lost its link is still used'),
      xmitHashPolicy: word(
        xmitHashPolicies,
        'What of a frame chooses the NIC: balance-xor, 802.3ad, balance-tlb. Absent: layer2.',
      ).optional(),
      primary: text('name one of its NICs, as in eth0', 'The NIC that is used while it can be.').optional(),
      primaryReselect: word(primaryReselects, 'When the primary is used again. Absent: always.').optional(),
      packetsPerNic: whole(
        0,
        65535,
        "Frames to a NIC before the next one's turn, balance-rr; 0: a NIC at random. Linux: packets_per_slave. Absent: 1.",
      ).optional(),
      minLinks: whole(0, maxBondNics, 'NICs that must be up for the bond to be, 802.3ad. Absent: 0.').optional(),
      lacpRate: word(lacpRates, 'How often it wants to hear from its partner, 802.3ad. Absent: slow.').optional(),
      lacpActive: flag('Whether it begins with LACP, or only answers, 802.3ad. Absent: true.').optional(),
      adSelect: word(adSelects, 'Which aggregator is used, 802.3ad. Absent: stable.').optional(),
      tlbDynamicLb: flag('Whether flows move by load, or stay where the hash puts them. Absent: true.').optional(),
      numGratArp: whole(0, 255, 'Gratuitous ARPs after a change of the active NIC. Absent: 1.').optional(),
      lpInterval: duration(
        100_000_000,
        mostNs,
        'write a duration from 100ms, as in 1s',
        'Time between learning frames, balance-tlb and balance-alb, in steps of 100ms. Absent: 1s.',
      )
        .refine((ns) => ns % 100_000_000 === 0, { error: 'is in steps of 100ms; write 1s or 1.5s' })
        .optional(),
      allNicsActive: flag(
        'Whether frames are taken from NICs that are not in use. Linux: all_slaves_active. Absent: false.',
      ).optional(),
      partner: partner.optional(),
    },
    { error: 'write the keys of a bond, as in { mode: active-backup, nics: [eth0, eth1], miimon: 100ms }' },
  )
  .meta({ description: "Several NICs as one, in Linux's modes and words, or in modes of ours." })

export const bondsSchema = named(
  bondSchema,
  'write bonds as in { bond0: { mode: active-backup, nics: [eth0, eth1], miimon: 100ms } }',
  'Bonds of NICs, by name.',
)

/** A bond as people write it. */
export type BondInput = z.input<typeof bondSchema>
/** A bond with its units read and nothing filled in. */
export type ReadBond = z.output<typeof bondSchema>
/** Bonds by name, units read. */
export type ReadBonds = Readonly<Record<string, ReadBond>>

/** The JSON Schema of bonds, for editors. */
export function bondJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(bondsSchema, { io: 'input', target: 'draft-7' })
}

/** The keys that the object at `path` below the bonds may have. */
export function bondKeysAt(path: readonly PropertyKey[]): string[] {
  return Object.keys((path[1] === 'partner' ? partner : bondSchema).shape)
}
