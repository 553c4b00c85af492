import {
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
} from 'd3-shape'

import { element } from './markup.ts'

// A series is known by its shape, its dashes and its name; colour is only one more help.

const shapes = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond, symbolCross, symbolStar, symbolWye] as const
const dashes = ['none', '7 3', '2 3', '9 3 2 3', '4 2', '12 4', '1 2'] as const
const markArea = 58

/** Series that look different; more than so many repeat. */
export const markCount = 2 * shapes.length

/** Eight colours that people with any colour vision tell apart best, dark enough for white paper or light enough for black. */
export const markColors = {
  light: ['#0060a8', '#c04a00', '#00795a', '#a0337d', '#8a6d00', '#2e8fc6', '#4d4d4d', '#6f42c1'],
  dark: ['#6db8ff', '#ff9a52', '#3ecf9f', '#f08acb', '#e8cf4a', '#9fd8ff', '#c9c9c9', '#bda2ff'],
} as const

export const markClass = (mark: number): string => `mark${mark % markCount}`

export const markDash = (mark: number): string => dashes[mark % dashes.length]!

/** The sign of a series, centred. */
export function drawMark(mark: number, x: number, y: number): string {
  const path = symbol(shapes[mark % shapes.length], markArea).digits(1)() ?? ''
  const look = mark % markCount < shapes.length ? 'full' : 'hollow'
  const place = `translate(${x.toFixed(1)},${y.toFixed(1)})`
  return element('path', { d: path, class: `${look} ${markClass(mark)}`, transform: place })
}
