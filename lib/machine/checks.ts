import { RingbackError } from '../errors.ts'

/** "The caller", wherever a domain is named: DOMID_SELF in xen/xen.h. */
export const domidSelf = 0x7ff0
/** The highest id that a domain can have. */
export const mostDomid = 0x7fef

export function checkInteger(value: unknown, name: string, least: number, most: number): asserts value is number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return
  const code = typeof value === 'number' ? 'ERR_OUT_OF_RANGE' : 'ERR_INVALID_ARGUMENT'
  throw new RingbackError(code, `${name} must be an integer from ${least} to ${most}`)
}

export function checkBoolean(value: unknown, name: string): asserts value is boolean {
  if (typeof value !== 'boolean') throw new RingbackError('ERR_INVALID_ARGUMENT', `${name} must be a boolean`)
}

export function checkObject(value: unknown, name: string): asserts value is object {
  if (typeof value !== 'object' || value === null)
    throw new RingbackError('ERR_INVALID_ARGUMENT', `${name} must be an object`)
}
