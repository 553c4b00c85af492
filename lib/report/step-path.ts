/** Where values and times lie. */
export interface Place {
  x: (seconds: number) => number
  y: (value: number) => number
}

/** Stretches of time in which something held. */
export interface Stretch {
  from: number
  to: number
}

/** The samples `first` to before `end`, which end within one column of the screen; places are in halves of a pixel. */
interface Column {
  first: number
  end: number
  from: number
  to: number
}

/** @param t - the ends of the samples' intervals, of which the first begins at 0 */
function columnsOf(t: readonly number[], x: Place['x']): Column[] {
  const columns: Column[] = []
  let from = Math.round(x(0) * 2)
  t.forEach((seconds, i) => {
    const to = Math.round(x(seconds) * 2)
    const last = columns.at(-1)
    if (last && Math.floor(last.to / 2) === Math.floor(to / 2)) {
      last.end = i + 1
      last.to = to
    } else columns.push({ first: i, end: i + 1, from, to })
    from = to
  })
  return columns
}

/**
 * The path of a series as steps: each value holds from the time before it to its own; null is a gap. Samples that share
 * a column of the screen become one upright line from the least to the most of them, so that a path is never longer than
 * the drawing is wide, and no peak is lost.
 */
export function stepPath(t: readonly number[], values: readonly (number | null)[], { x, y }: Place): string {
  let path = ''
  let pen: { x: number; y: number } | undefined
  for (const { first, end, from, to } of columnsOf(t, x)) {
    const places = values.slice(first, end).flatMap((value) => (value === null ? [] : [Math.round(y(value) * 2)]))
    if (places.length === 0) {
      pen = undefined
      continue
    }
    const [top, bottom] = [Math.min(...places), Math.max(...places)]
    if (!pen) {
      pen = { x: from, y: places[0]! }
      path += `M${half(pen.x)} ${half(pen.y)}`
    }
    const ends = Math.abs(pen.y - bottom) < Math.abs(pen.y - top) ? [bottom, top] : [top, bottom]
    for (const at of [...ends, places.at(-1)!]) {
      if (at !== pen.y) path += `v${half(at - pen.y)}`
      pen.y = at
    }
    path += `h${half(to - pen.x)}`
    pen.x = to
  }
  // A value that stays is one stroke, not one a column.
  return path.replace(/(?:h[\d.]+){2,}/g, (strokes) => `h${sumOf(strokes)}`)
}

const half = (value: number): string => String(value / 2)

const sumOf = (strokes: string): number =>
  strokes
    .slice(1)
    .split('h')
    .reduce((sum, length) => sum + Number(length), 0)

/** The area between two series where the first is below the second, by the means of each column of the screen. */
export function gapPath(
  t: readonly number[],
  lower: readonly number[],
  upper: readonly number[],
  { x, y }: Place,
): string {
  const places = (values: readonly number[], { first, end }: Column): number =>
    Math.round(y(values.slice(first, end).reduce((sum, value) => sum + value, 0) / (end - first)) * 2)
  let path = ''
  let there = ''
  let back = ''
  for (const column of columnsOf(t, x)) {
    const [low, high] = [places(lower, column), places(upper, column)]
    const isGap = low > high // downwards on a screen
    if (isGap) {
      there += `${there === '' ? `M${half(column.from)} ${half(high)}` : `V${half(high)}`}H${half(column.to)}`
      back = `V${half(low)}H${half(column.from)}${back}`
    }
    if (there !== '' && (!isGap || column.end === t.length)) {
      path += `${there}${back}z`
      there = back = ''
    }
  }
  return path
}

/** Where `isOn` of a sample holds, neighbours joined; what is no further apart than `least` seconds is one. */
export function stretchesOf(t: readonly number[], isOn: (i: number) => boolean, least = 0): Stretch[] {
  const all: Stretch[] = []
  t.forEach((to, i) => {
    if (!isOn(i)) return
    const from = t[i - 1] ?? 0
    const last = all.at(-1)
    if (last && from - last.to <= least) last.to = to
    else all.push({ from, to })
  })
  return all
}
