import { RingbackError } from './errors.ts'

// JavaScript callers are not held to the types: public functions check what they are given.

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT */
export function checkText(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw new RingbackError('ERR_INVALID_ARGUMENT', `${name} must be a string`)
}

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT */
export function checkObject(value: unknown, name: string): asserts value is object {
  if (typeof value !== 'object' || value === null)
    throw new RingbackError('ERR_INVALID_ARGUMENT', `${name} must be an object`)
}

/**
 * @param least - inclusive; so is `most`
 * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
 */
export function checkWhole(value: unknown, name: string, least: number, most: number): asserts value is number {
  const message = `${name} must be a whole number from ${least} to ${most}`
  if (typeof value !== 'number') throw new RingbackError('ERR_INVALID_ARGUMENT', message)
  if (!Number.isInteger(value) || value < least || value > most) throw new RingbackError('ERR_OUT_OF_RANGE', message)
}
