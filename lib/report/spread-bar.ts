import type { Axis, Measured } from './axis.ts'
import { element } from './markup.ts'
import { markClass } from './marks.ts'

const cap = 3.5

/**
 * The line from the least to the most of some samples: a cap where it ends, an arrow where it goes on beyond the axis.
 *
 * @param across - the place on the other axis
 */
export function drawSpread(
  mark: number,
  { low, high }: Measured,
  axis: Axis,
  across: number,
  isUpright: boolean,
): string {
  const ends = [low, high].map((value) => {
    const isBeyond = value < axis.least || value > axis.most
    return { place: axis.place(Math.min(Math.max(value, axis.least), axis.most)), isBeyond }
  })
  const [from, to] = ends as [(typeof ends)[0], (typeof ends)[0]]
  const sign = Math.sign(to.place - from.place) || 1
  const path = [
    `M${point(from.place, across, isUpright)}L${point(to.place, across, isUpright)}`,
    drawEnd(from.place, across, from.isBeyond ? sign : 0, isUpright),
    drawEnd(to.place, across, to.isBeyond ? -sign : 0, isUpright),
  ]
  return element('path', { d: path.join(''), class: `spread ${markClass(mark)}` })
}

/** @param back - the direction in which an arrow's wings lie; 0: a cap */
function drawEnd(place: number, across: number, back: number, isUpright: boolean): string {
  const wings = place + back * 2 * cap
  const tip = back === 0 ? '' : `L${point(place, across, isUpright)}`
  return `M${point(wings, across - cap, isUpright)}${tip}L${point(wings, across + cap, isUpright)}`
}

const point = (along: number, across: number, isUpright: boolean): string =>
  (isUpright ? [across, along] : [along, across]).map((place) => place.toFixed(1)).join(',')
