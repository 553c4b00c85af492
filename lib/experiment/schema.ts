import { z } from 'zod'

import { duration, fraction, maxDurationNs, named, startTime, text, whole } from '../reading/schema-words.ts'
import { scenarioSchema } from '../simulation/schema.ts'
import { dropCauses } from '../simulation/vif-counters.ts'
import type { Path } from '../reading/yaml-source.ts'
import { measureNames } from './measures.ts'

// An experiment's keys. The scenario in it is checked by the scenario's own schema, once for each point.

const maxSeeds = 100
const maxValues = 64

// Names are looked up later, with the nearest one told; editors get the list.
const measureFix = `write measures: ${measureNames.join(', ')}`
const measureName = z.string({ error: measureFix }).meta({ enum: measureNames })
const measureList = z.array(measureName, { error: measureFix }).min(1, { error: measureFix })
const showFix = 'write measures, as in [throughput, p99], or by case, as in { full: [throughput], half: [p99] }'
const show = z
  .union([measureList, z.record(z.string(), measureList)], { error: showFix })
  .meta({ description: 'The measures in the table: the same in every case, or a list a case.' })

const pathText = text(
  'write a place in the base, as in vifs.web.rate, traffic[0].size, vifs.*.queues or copies.web',
  'A place in the base: * is every name, [*] every item; copies.NAME is how many of a vif there are.',
)
const settings = (fix: string, description: string) =>
  z.record(pathText, z.unknown(), { error: fix }).meta({ description })
const settingsFix = "write places and their values, as in { 'vifs.*.rate': 1Gb/s }"

const scalarFix = 'write a number, a text, true or false'
const valuesFix = `write 1 to ${maxValues} values, as in [1, 2, 4]`

const experimentCase = z
  .strictObject(
    {
      title: text('say what the case is', 'What the case is.'),
      set: settings(settingsFix, 'What is other than in the base.').prefault({}),
    },
    { error: 'write the keys of a case, as in { title: half the load, set: {} }' },
  )
  .meta({ description: 'A state of the base in which every point is looked at.' })

const factor = z
  .strictObject(
    {
      title: text('say what the factor is', 'What the factor is.'),
      path: z
        .union([pathText, z.array(pathText).min(1, { error: 'name at least one place' })], {
          error: 'write a place in the base or a list of such, as in vifs.*.queues',
        })
        .meta({ description: 'What its values are written to.' })
        .optional(),
      values: z
        .array(z.union([z.string(), z.number(), z.boolean()], { error: scalarFix }), { error: valuesFix })
        .min(1, { error: valuesFix })
        .max(maxValues, { error: valuesFix })
        .meta({ description: 'The values that it takes, one after the other.' })
        .optional(),
      variants: named(
        settings(settingsFix, 'What makes the variant.'),
        "write named variants, as in { fast: { 'vifs.*.rate': 1Gb/s } }",
        'Instead of path and values: what each point sets, by its name.',
      ).optional(),
      show: show.optional(),
    },
    { error: 'write the keys of a factor, as in { title: rings, path: vifs.*.queues, values: [1, 2] }' },
  )
  .meta({ description: 'Something that is varied alone, all else as in the base.' })

const vifFix = "name a vif, a list of vifs, or the beginning of names, as in 'guest*'"
const time = (description: string) =>
  duration(0, maxDurationNs, 'write a time of the run, as in 5s', description).optional()

const ownMeasure = z
  .strictObject(
    {
      of: measureName.meta({ description: "The package's measure that is taken." }),
      title: text('say what it is', "What it is called in tables; absent: as the package's.").optional(),
      vif: z
        .union([text(vifFix, 'A vif.'), z.array(text(vifFix, 'A vif.')).min(1, { error: vifFix })], { error: vifFix })
        .meta({ description: 'The vifs that are looked at; guest* is every one whose name begins so. Absent: all.' })
        .optional(),
      from: time('What comes before is not looked at.'),
      to: time('What comes later is not looked at.'),
      after: z
        .union([z.literal('wakes'), z.array(startTime()).min(1)], {
          error: 'write a list of times, as in [1s, 2s], or wakes: when vifs begin to offer something',
        })
        .meta({ description: "When what is to settle begins; absent: at the run's changes." })
        .optional(),
      skip: time('So long after each of these times nothing is looked at.'),
      within: fraction(0, 1, 'Part by which a rate may differ from what it should be.').optional(),
      cause: z
        .enum(dropCauses as [(typeof dropCauses)[number]], { error: `write ${dropCauses.join(', ')}` })
        .meta({ description: 'Why packets were lost.' })
        .optional(),
    },
    { error: 'write the keys of a measure, as in { of: missing, vif: web }' },
  )
  .meta({ description: 'A measure of some vifs, or of a part of the run.' })

const label = z.union([z.string(), z.number(), z.boolean()], { error: scalarFix })
const rowFix = 'write factors and their values, as in { policy: adaptive }'
const limitFix = 'write a limit in the unit of the measure, as in 0.01, 1 %, 200ms or 300Mb/s'
const limit = (description: string) =>
  z.union([z.number(), z.string()], { error: limitFix }).meta({ description }).optional()

const claim = z
  .strictObject(
    {
      measure: z.string({ error: measureFix }).meta({ description: 'What it is about: a column of the table.' }),
      case: z
        .union([z.string(), z.array(z.string()).min(1)], { error: 'write a case, or a list of cases' })
        .meta({ description: 'The case, or several; absent: all that the table shows.' })
        .optional(),
      at: z
        .record(z.string(), z.union([label, z.array(label).min(1)], { error: scalarFix }), { error: rowFix })
        .meta({ description: "The row: each of the table's factors and its value, or several." }),
      against: z
        .record(z.string(), label, { error: rowFix })
        .meta({ description: 'Another row: the claim is about the difference, seed by seed.' })
        .optional(),
      atMost: limit('The most that it may be.'),
      atLeast: limit('The least that it may be.'),
    },
    { error: 'write the keys of a claim, as in { measure: loss, at: { policy: adaptive }, atMost: 1 % }' },
  )
  .meta({ description: 'Something that the experiment is to show: it holds where the whole confidence interval does.' })

const pairFix = 'write the names of two factors, as in [queues, cores]'
const cross = z
  .strictObject(
    {
      title: text('say what the pair shows', 'What the pair shows.'),
      factors: z.tuple([z.string({ error: pairFix }), z.string({ error: pairFix })], { error: pairFix }),
      show: show.optional(),
    },
    { error: 'write a pair, as in { title: queues and cores, factors: [queues, cores] }' },
  )
  .meta({ description: 'Two factors that are varied together: each value of the one with each of the other.' })

const seedFix = `write how many seeds, 1 to ${maxSeeds}, or a list of different ones, as in [1, 7, 9]`
const seed = whole(0, Number.MAX_SAFE_INTEGER, 'A seed.')

/** An experiment as people write it. */
export const experimentSchema = z
  .strictObject(
    {
      name: z
        .string({ error: 'give the experiment a name' })
        .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, { error: 'use letters, digits, dashes and underscores, at most 64' })
        .meta({ description: 'What the experiment is called, on the command line too.' }),
      title: text('give the experiment a title', 'A line that says what it is.'),
      asks: text('say what the experiment asks', 'The question that it answers.'),
      seeds: z
        .union([whole(1, maxSeeds, 'Seeds 1 to so many.'), z.array(seed).min(1).max(maxSeeds)], { error: seedFix })
        .refine((seeds) => typeof seeds === 'number' || new Set(seeds).size === seeds.length, { error: seedFix })
        .meta({ description: 'Each point is run with each of these; figures are means with 95 % confidence.' })
        .prefault(1),
      copies: z
        .record(z.string(), whole(1, 4095, 'How many there are.'), {
          error: 'write vifs and numbers, as in { web: 4 }',
        })
        .meta({ description: 'How many there are of a vif, each with all of its traffic: web becomes web1, web2, ...' })
        .prefault({}),
      base: z
        .record(z.string(), z.unknown(), { error: 'write a scenario here, without name and seed' })
        .meta({ description: 'The scenario from which everything is varied, without name and seed.' }),
      cases: named(
        experimentCase,
        'write named cases, as in { half: { title: half the load, set: {} } }',
        'States of the base in which every point is looked at; absent: the base as it is.',
      ).optional(),
      measures: z
        .record(
          z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,63}$/, { error: 'use letters and digits, at most 64' }),
          ownMeasure,
          {
            error: 'write named measures, as in { webMisses: { of: missing, vif: web } }',
          },
        )
        .meta({ description: "Measures beside the package's." })
        .prefault({}),
      show: show.optional(),
      factors: named(
        factor,
        'write named factors, as in { queues: { title: rings, path: vifs.*.queues, values: [1, 2] } }',
        'What is varied, each alone: a table each.',
      ),
      cross: z
        .array(cross, { error: 'write a list of pairs' })
        .meta({ description: 'Factors that are varied two at a time: a table each.' })
        .prefault([]),
      claims: z
        .array(claim, { error: 'write a list of claims' })
        .meta({ description: 'What it is to show.' })
        .prefault([]),
      verdict: text(
        'write a sentence, with figures as in {missing, wake, adaptive}',
        'What it shows in a line; {measure, case, value} is a figure.',
      ).optional(),
    },
    { error: 'write a map with name, title, asks, base and factors' },
  )
  .meta({
    title: 'Ringback experiment',
    description: 'A scenario and what is varied in it, for `ringback experiment`.',
  })

/** An experiment as people write it. */
export type ExperimentInput = z.input<typeof experimentSchema>
/** One whose shape was checked. */
export type CheckedExperiment = z.output<typeof experimentSchema>
export type CheckedFactor = CheckedExperiment['factors'][string]
export type CheckedMeasure = CheckedExperiment['measures'][string]
export type CheckedClaim = CheckedExperiment['claims'][number]
export type Show = z.output<typeof show>

/** The experiment's JSON Schema, for editors: the base is looked at too. */
export function experimentJsonSchema(): Record<string, unknown> {
  const whole = experimentSchema.extend({
    base: scenarioSchema.omit({ name: true, seed: true }).meta({ description: 'The scenario that is varied.' }),
  })
  return z.toJSONSchema(whole, { io: 'input', target: 'draft-7' })
}

const keysOf = (schema: { shape: object }): string[] => Object.keys(schema.shape)

/** The keys that the object at `path` may have, outside the base. */
export function experimentKeysAt(path: Path): string[] {
  if (path[0] === 'cases') return keysOf(experimentCase)
  if (path[0] === 'factors') return keysOf(factor)
  if (path[0] === 'measures') return keysOf(ownMeasure)
  if (path[0] === 'claims') return keysOf(claim)
  return keysOf(path[0] === 'cross' ? cross : experimentSchema)
}
