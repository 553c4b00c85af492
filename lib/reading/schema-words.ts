import { z } from 'zod'

import { RingbackError } from '../errors.ts'
import { quote } from '../quote.ts'
import { parseBitRate, parseDuration, parseFineDuration, parseSize } from '../units.ts'

// What the scenario's values are made of. An `error` says only how to write the value; scenario-problems.ts says before
// it what is wrong.

export const maxRateBps = 10e12
export const maxDurationNs = 30 * 24 * 3600 * 1e9
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** A text that `parse` turns into a value; what it throws becomes the message. */
export function unit<T>(options: { parse: (text: string) => T; fix: string; description: string; examples: string[] }) {
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

export const duration = (least: number, most: number, fix: string, description: string) =>
  unit({ parse: ranged(parseDuration, least, most, fix), fix, description, examples: ['100ms', '1.5s'] })

/** A time in picoseconds: 0 to `mostPs`. */
export const cost = (mostPs: number, most: string, example: string, description: string) => {
  const fix = `write a time up to ${most}, as in ${example}`
  const text = unit({ parse: ranged(parseFineDuration, 0, mostPs, fix), fix, description, examples: [example] })
  return z.union([z.literal(0), text], { error: fix }).meta({ description })
}

export const startTime = () =>
  z.union([z.literal(0), duration(0, maxDurationNs, 'write a time of the run, as in 5s', 'When the source starts.')], {
    error: 'write a time of the run, as in 5s',
  })

const bitRateFix = 'write a rate up to 10000Gb/s, as in 100Mb/s'
/** @throws {@link RingbackError} ERR_UNIT */
export const readBitRate = ranged(parseBitRate, 1, maxRateBps, bitRateFix)

export const bitRate = (description: string) =>
  unit({ parse: readBitRate, fix: bitRateFix, description, examples: ['100Mb/s', '2.5Gb/s'] })

/** Bytes: a bare number or a size with a unit. */
export const size = (least: number, most: number, example: string, description: string) => {
  const fix = `write a size from ${least} to ${most} bytes, as in ${example}`
  const text = unit({ parse: ranged(parseSize, least, most, fix), fix, description, examples: [example] })
  return z.union([whole(least, most, description, fix), text], { error: fix }).meta({ description })
}

export function whole(
  least: number,
  most: number,
  description: string,
  fix = `write a whole number, ${least} to ${most}`,
) {
  return z.int({ error: fix }).min(least, { error: fix }).max(most, { error: fix }).meta({ description })
}

export function fraction(least: number, most: number, description: string) {
  const fix = `write a number from ${least} to ${most}`
  return z.number({ error: fix }).min(least, { error: fix }).max(most, { error: fix }).meta({ description })
}

export function flag(description: string) {
  return z.boolean({ error: 'write true or false' }).meta({ description })
}

/** Characters that would move a terminal's cursor; a text may have several lines. */
const shownPattern = /^(?:[^\p{Cc}]|[\t\n])*$/u
const shownFix = 'has a control character; leave it out'

export function text(fix: string, description: string) {
  return z
    .string({ error: fix })
    .min(1, { error: fix })
    .max(4096, { error: fix })
    .regex(shownPattern, { error: shownFix })
    .meta({ description })
}

/** An object of named things, at least one. */
export function named<T extends z.ZodType>(value: T, fix: string, description: string) {
  const nameFix = 'use letters, digits, dots, dashes and underscores, at most 64, as in eth0'
  return z.record(z.string().regex(namePattern, { error: nameFix }), value, { error: fix }).meta({ description })
}

/** A list of names of things that are defined elsewhere. */
export function names(what: string, example: string, description: string) {
  const fix = `write a list of ${what}s, as in [${example}]`
  return z.array(text(`name a ${what}, as in ${example}`, `A ${what}'s name.`), { error: fix }).meta({ description })
}
