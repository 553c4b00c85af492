import { RingbackError } from '../errors.ts'
import { AdaptivePolicy } from './adaptive.ts'
import { CapPolicy } from './caps.ts'
import { type Policy, type PolicyName, policyNames } from './policy.ts'

/**
 * A policy by its name. It keeps memory for its next call, nothing else: the same arguments give the same result.
 *
 * @throws {@link RingbackError} ERR_INVALID_ARGUMENT
 * @example
 * const [web] = createPolicy('adaptive').allocate(1e9, [{ minBps: 3e8, capBps: Infinity, weight: 1, demandBps: 0 }])
 */
export function createPolicy(name: PolicyName): Policy {
  checkPolicyName(name)
  return name === 'adaptive' ? new AdaptivePolicy() : new CapPolicy(name)
}

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT */
export function checkPolicyName(name: unknown): asserts name is PolicyName {
  if (!policyNames.some((each) => each === name))
    throw new RingbackError('ERR_INVALID_ARGUMENT', `policy must be ${policyNames.join(', ')}`)
}
