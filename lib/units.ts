import { checkObject, checkText, checkInteger } from './arguments.ts'
import { RingbackError } from './errors.ts'
import { quote } from './quote.ts'

/** A vif's bandwidth limit as Xen keeps it: so many bytes each interval. */
export interface CreditRate {
  /** Bytes that may pass each interval: what xl computes from the same text. */
  creditBytes: number
  /** The interval in microseconds. */
  creditUsec: number
  /** The rate as it was written; the shaper's own, creditBytes / creditUsec, is lower by less than a byte an interval. */
  bitsPerSecond: number
}

/** What the shaper lets through, in bits a second. */
export function enforcedBps({ creditBytes, creditUsec }: CreditRate): number {
  return (creditBytes * 8e6) / creditUsec
}

/** xl's interval where none is written. */
const defaultIntervalUsec = 50_000n
const maxUint32 = 2n ** 32n - 1n
const maxUint64 = 2n ** 64n - 1n
const maxTextLength = 64

const prefixes: Record<string, bigint> = { '': 1n, K: 1000n, M: 1_000_000n, G: 1_000_000_000n }
const rateHelp = 'write a number, then Gb, Mb, Kb, b (bits) or GB, MB, KB, B (bytes), then /s, as in 10Mb/s or 1.5MB/s'
const intervalHelp = 'write a whole number and s, ms or us, as in 10Mb/s@50ms'
const durationHelp = 'write a number and ns, us, ms, s, m or h, as in 1.5s'
const sizeHelp = 'write a number and B, KB, MB, GB, KiB, MiB or GiB, as in 512KB'

function unitError(message: string): RingbackError {
  return new RingbackError('ERR_UNIT', message)
}

interface Product {
  floor: bigint
  isWhole: boolean
}

/** `number` (digits, perhaps with a fraction) times `factor`, with no rounding on the way. */
function multiply(number: string, factor: bigint): Product {
  const [whole = '', fraction = ''] = number.split('.')
  const product = BigInt(whole + fraction) * factor
  const divisor = 10n ** BigInt(fraction.length)
  return { floor: product / divisor, isWhole: product % divisor === 0n }
}

/** Whole bits a second of a rate without an interval, by xl's rules. */
function parseBits(text: string, whole: string): bigint {
  const match = text.length > maxTextLength ? null : /^(\d+(?:\.\d+)?)([GMK]?)([Bb])\/s$/.exec(text)
  if (!match) throw unitError(`${quote(whole)} is not a rate; ${rateHelp}`)
  const [, number = '', prefix = '', unit = ''] = match
  const written = multiply(number, 1n)
  if (written.floor > maxUint32 || (written.floor === maxUint32 && !written.isWhole))
    throw unitError(`${quote(whole)} is too large a number for xl; keep it below ${maxUint32 + 1n}, use Kb, Mb or Gb`)
  const bits = multiply(number, (prefixes[prefix] ?? 1n) * (unit === 'B' ? 8n : 1n))
  if (written.floor === 0n && written.isWhole)
    throw unitError(`${quote(whole)} is zero; a rate must be above zero: ${rateHelp}`)
  if (!bits.isWhole) throw unitError(`${quote(whole)} is no whole number of bits a second; ${rateHelp}`)
  return bits.floor
}

function parseIntervalUsec(text: string, whole: string): bigint {
  const match = text.length > maxTextLength ? null : /^(\d+(?:\.\d+)?)([mu]?)s?$/.exec(text)
  if (!match) throw unitError(`${quote(whole)} has no valid interval after @; ${intervalHelp}`)
  const [, number = '', unit = ''] = match
  const usec = multiply(number, unit === 'u' ? 1n : unit === 'm' ? 1000n : 1_000_000n)
  if (!usec.isWhole) throw unitError(`${quote(whole)} has an interval of part of a microsecond; ${intervalHelp}`)
  if (usec.floor === 0n) throw unitError(`${quote(whole)} has an interval of zero; ${intervalHelp}`)
  if (usec.floor > maxUint32)
    throw unitError(`${quote(whole)} has an interval above 4294967295us; use a shorter one, as in 10Mb/s@50ms`)
  return usec.floor
}

/**
 * Reads a vif's rate as `xl` reads it: `10Mb/s`, `1MB/s@20ms`. Beyond xl it takes fractions (`1.5Mb/s`), decided
 * exactly, and refuses a rate that would never let a byte pass.
 *
 * @param text - number, [GMK], b or B, `/s`, then perhaps `@` and an interval in s, ms or us (50 ms where absent)
 * @returns bytes an interval, rounded down as xl does
 * @throws {@link RingbackError} ERR_UNIT
 * @example parseRate('16Mb/s') // { creditBytes: 100000, creditUsec: 50000, bitsPerSecond: 16000000 }
 */
export function parseRate(text: string): CreditRate {
  checkText(text, 'text')
  const at = text.indexOf('@')
  const bits = parseBits(at < 0 ? text : text.slice(0, at), text)
  const usec = at < 0 ? defaultIntervalUsec : parseIntervalUsec(text.slice(at + 1), text)
  const product = (bits / 8n) * usec
  if (product > maxUint64) throw unitError(`${quote(text)} overflows: bytes an interval; use a shorter interval`)
  const creditBytes = product / 1_000_000n
  if (creditBytes === 0n)
    throw unitError(`${quote(text)} allows no whole byte an interval; use a higher rate or a longer interval`)
  return { creditBytes: Number(creditBytes), creditUsec: Number(usec), bitsPerSecond: Number(bits) }
}

/**
 * Reads the speed of a NIC or a source: the words of {@link parseRate} without an interval.
 *
 * @returns bits a second, a whole number
 * @throws {@link RingbackError} ERR_UNIT
 * @example parseBitRate('2.5Gb/s') // 2500000000
 */
export function parseBitRate(text: string): number {
  checkText(text, 'text')
  if (text.includes('@')) throw unitError(`${quote(text)} has an interval, which only a vif's cap has; leave out the @`)
  const bits = parseBits(text, text)
  if (bits > BigInt(Number.MAX_SAFE_INTEGER)) throw unitError(`${quote(text)} is too fast; keep it below 9000000Gb/s`)
  return Number(bits)
}

const durationNs: Record<string, bigint> = {
  ns: 1n,
  us: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

/**
 * @param text - a number with a unit: ns, us, ms, s, m (minutes) or h; a bare 0 will do
 * @returns nanoseconds, a whole number
 * @throws {@link RingbackError} ERR_UNIT
 * @example parseDuration('1.5s') // 1500000000
 */
export function parseDuration(text: string): number {
  checkText(text, 'text')
  return readDuration(text, 1n, 'nanosecond')
}

/** In steps of which a nanosecond has `steps`. */
function readDuration(text: string, steps: bigint, step: string): number {
  if (text === '0') return 0
  const match = text.length > maxTextLength ? null : /^(-?)(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)$/.exec(text)
  if (!match) throw unitError(`${quote(text)} is not a duration; ${durationHelp}`)
  const [, sign = '', number = '', unit = ''] = match
  if (sign) throw unitError(`${quote(text)} is negative; a duration starts at zero: ${durationHelp}`)
  return toNumber(multiply(number, (durationNs[unit] ?? 1n) * steps), text, step, durationHelp)
}

/**
 * Reads a time that may be much shorter than a nanosecond, as the cost of a byte is.
 *
 * @param text - as {@link parseDuration} takes it, down to 0.001ns
 * @returns picoseconds, a whole number
 * @throws {@link RingbackError} ERR_UNIT
 * @example parseFineDuration('0.05ns') // 50
 */
export function parseFineDuration(text: string): number {
  checkText(text, 'text')
  return readDuration(text, 1000n, 'picosecond')
}

const sizeBytes: Record<string, bigint> = {
  B: 1n,
  KB: 1000n,
  MB: 1_000_000n,
  GB: 1_000_000_000n,
  KiB: 1024n,
  MiB: 1024n ** 2n,
  GiB: 1024n ** 3n,
}

/**
 * @param text - a number with a unit: B, KB, MB, GB (powers of 1000) or KiB, MiB, GiB (powers of 1024)
 * @returns bytes, a whole number
 * @throws {@link RingbackError} ERR_UNIT
 * @example parseSize('512KB') // 512000
 */
export function parseSize(text: string): number {
  checkText(text, 'text')
  const match = text.length > maxTextLength ? null : /^(-?)(\d+(?:\.\d+)?)(B|[KMG]i?B)$/.exec(text)
  if (!match) throw unitError(`${quote(text)} is not a size; ${sizeHelp}`)
  const [, sign = '', number = '', unit = ''] = match
  if (sign) throw unitError(`${quote(text)} is negative; a size starts at zero: ${sizeHelp}`)
  return toNumber(multiply(number, sizeBytes[unit] ?? 1n), text, 'byte', sizeHelp)
}

function toNumber({ floor, isWhole }: Product, text: string, unit: string, help: string): number {
  if (!isWhole) throw unitError(`${quote(text)} ends in part of a ${unit}; ${help}`)
  if (floor > BigInt(Number.MAX_SAFE_INTEGER)) throw unitError(`${quote(text)} is too large; ${help}`)
  return Number(floor)
}

/** How exactly a number is written. */
export interface FormatOptions {
  /** Significant digits to round to, 3 to 15; absent: every digit, so that parsing gives the same number back. */
  digits?: number
}

type Scale = readonly (readonly [factor: number, unit: string])[]

const rateScale: Scale = [
  [1e9, 'Gb/s'],
  [1e6, 'Mb/s'],
  [1e3, 'Kb/s'],
  [1, 'b/s'],
]
const durationScale: Scale = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'us'],
  [1, 'ns'],
]
const sizeScale: Scale = [
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'KB'],
  [1, 'B'],
]

/** `value` in the largest unit of which it is at least one. */
function format(value: number, scale: Scale, options: FormatOptions): string {
  checkObject(options, 'options')
  const { digits } = options
  if (digits !== undefined) checkInteger(digits, 'digits', 3, 15)
  if (typeof value !== 'number') throw new RingbackError('ERR_INVALID_ARGUMENT', 'the quantity must be a number')
  if (!Number.isFinite(value) || value < 0)
    throw new RingbackError('ERR_OUT_OF_RANGE', `${value} cannot be written as a quantity; it must be 0 or more`)
  // Rounding first decides the unit: 999.96 KB with four digits is 1 MB.
  const rounded = digits === undefined ? Math.round(value) : Number(value.toPrecision(digits))
  const [factor, unit] = scale.find(([least]) => rounded >= least) ?? [1, scale.at(-1)?.[1] ?? '']
  if (digits !== undefined) return `${Number((rounded / factor).toPrecision(digits))}${unit}`
  // Every factor is a power of ten: move the point in the digits, exactly.
  const places = Math.log10(factor)
  const text = BigInt(rounded)
    .toString()
    .padStart(places + 1, '0')
  const fraction = text.slice(text.length - places).replace(/0+$/, '')
  return `${text.slice(0, text.length - places)}${places > 0 && fraction ? `.${fraction}` : ''}${unit}`
}

/**
 * @param bitsPerSecond - 0 or more; without `digits` rounded to whole bits
 * @example formatRate(1_500_000) // '1.5Mb/s'
 */
export function formatRate(bitsPerSecond: number, options: FormatOptions = {}): string {
  return format(bitsPerSecond, rateScale, options)
}

/**
 * @param ns - nanoseconds, 0 or more; without `digits` rounded to whole ones
 * @example formatDuration(50_000_000) // '50ms'
 */
export function formatDuration(ns: number, options: FormatOptions = {}): string {
  return format(ns, durationScale, options)
}

/**
 * @param bytes - 0 or more
 * @example formatBytes(20_975_102, { digits: 4 }) // '20.98MB'
 */
export function formatBytes(bytes: number, options: FormatOptions = {}): string {
  return format(bytes, sizeScale, options)
}

/**
 * A vif's cap as one writes it, with the interval where it is not xl's 50 ms.
 *
 * @example formatCap(parseRate('8Mb/s@1s')) // '8Mb/s@1s'
 */
export function formatCap(rate: Pick<CreditRate, 'bitsPerSecond' | 'creditUsec'>): string {
  checkObject(rate, 'rate')
  const { bitsPerSecond, creditUsec } = rate
  const interval = creditUsec === Number(defaultIntervalUsec) ? '' : `@${formatDuration(creditUsec * 1000)}`
  return formatRate(bitsPerSecond) + interval
}
