import { formatDuration, formatRate } from '../../units.ts'

// Figures and names as the report says them.

/** Shares below this are not worth a word. */
const least = 0.0005

export const rateText = (bps: number): string => formatRate(bps, { digits: 4 })
export const capText = (bps: number | null): string => (bps === null ? 'none' : rateText(bps))
export const countText = (value: number): string => value.toLocaleString('en-US')
export const secondsText = (seconds: number): string => formatDuration(seconds * 1e9, { digits: 3 })
/** When something happened, exactly. */
export const momentText = (seconds: number): string => formatDuration(seconds * 1e9)
export const timeText = (ns: number): string => formatDuration(ns, { digits: 3 })

/** `12.3 %`, never on two lines; a share that is there but small is not written as none. */
export function shareText(share: number): string {
  if (share > 0 && share < least) return '<\u00a00.1\u00a0%'
  // What is not all is never written as all.
  const percent = share < 1 ? Math.min(share * 100, 99.9) : share * 100
  return `${percent.toFixed(1)}\u00a0%`
}

/** `1 vif`, `12 vifs`. */
export const many = (count: number, what: string): string => `${countText(count)} ${what}${count === 1 ? '' : 's'}`

/** `a, b and c`, and how many more there are beyond `most`. */
export function listText(items: readonly string[], most = 3): string {
  const shown = items.slice(0, most)
  const rest = items.length - shown.length
  if (rest > 0) return `${shown.join(', ')} and ${countText(rest)} more`
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)!}`
}

/** `noBuffer` as people say it. */
export const causeText = (cause: string): string => cause.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
