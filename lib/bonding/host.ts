import { stringify } from 'yaml'

import { RingbackError } from '../errors.ts'
import { checkList } from '../arguments.ts'
import type { BondConfig } from './config.ts'
import { linuxModes } from './options.ts'
import type { BondMode } from './options.ts'
import { linuxValue, setOptions } from './option-values.ts'
import type { SetOption } from './option-values.ts'

// Bonds as a host has them: netplan's YAML, or the `ip` commands that make them.

/** Linux's IFNAMSIZ, without the zero. */
const maxNameLength = 15

/** What comes nearest to a mode that no host has. */
const nearestMode: Partial<Record<BondMode, string>> = {
  'balance-edpf': 'balance-rr, which spreads frames over the NICs too, and reorders them',
  'balance-flowlet': 'balance-xor with xmitHashPolicy: layer3+4, which keeps flows in order, and each on one NIC',
}

/**
 * Bonds as netplan takes them, in a file of its own or below its `network`.
 *
 * @param bonds - from checkBonds or a scenario
 * @throws {@link RingbackError} ERR_BOND where netplan cannot say it, or no host has it
 */
export function toNetplan(bonds: readonly BondConfig[]): string {
  checkForHost(bonds)
  const ethernets = Object.fromEntries(bonds.flatMap(({ nics }) => nics.map((nic) => [nic, {}])))
  const entries = bonds.map((bond) => {
    const parameters = inBond(bond, () => Object.fromEntries(setOptions(bond).map(netplanParameter)))
    return [bond.name, { interfaces: bond.nics, parameters }] as const
  })
  return comments(bonds) + stringify({ network: { version: 2, ethernets, bonds: Object.fromEntries(entries) } })
}

/** Values that netplan takes for nothing, so that the host has its default. Source: netplan's networkd.c. */
const lostInNetplan: readonly string[] = ['packetsPerNic', 'numGratArp']

function netplanParameter(set: SetOption): [name: string, value: string | number | boolean] {
  const { option, value } = set
  const [name] = option.netplan
  if (name === undefined)
    throw new RingbackError('ERR_BOND', `${option.key}: netplan has no word for it; use the ip form`)
  if (value === 0 && lostInNetplan.includes(option.key))
    throw new RingbackError('ERR_BOND', `${option.key}: netplan leaves out a 0; use the ip form`)
  if (option.kind === 'flag') return [name, value]
  const text = linuxValue(set)
  return [name, typeof value === 'number' ? Number(text) : text]
}

/**
 * The commands that make bonds of NICs which are there, for `sh`.
 *
 * @param bonds - from checkBonds or a scenario
 * @throws {@link RingbackError} ERR_BOND where no host has it
 */
export function toIpLink(bonds: readonly BondConfig[]): string {
  checkForHost(bonds)
  const commands = bonds.flatMap((bond) => {
    const { name, nics } = bond
    const options = inBond(bond, () => setOptions(bond).map((set) => `${set.option.linux[0]} ${linuxValue(set)}`))
    return [
      `ip link add ${name} type bond ${options.join(' ')}`,
      // Linux takes a NIC into a bond only while it is down, and brings it up with the bond.
      ...nics.flatMap((nic) => [`ip link set ${nic} down`, `ip link set ${nic} master ${name}`]),
      `ip link set ${name} up`,
    ]
  })
  return comments(bonds) + commands.map((command) => `${command}\n`).join('')
}

function checkForHost(bonds: readonly BondConfig[]): void {
  checkList(bonds, 'bonds')
  for (const { name, mode, nics } of bonds) {
    const nearest = nearestMode[mode]
    if (nearest !== undefined || !linuxModes.includes(mode))
      throw new RingbackError('ERR_BOND', `${name}: no host has ${mode}; the nearest is ${nearest ?? 'balance-rr'}`)
    const long = [name, ...nics].find((each) => each.length > maxNameLength)
    if (long !== undefined)
      throw new RingbackError(
        'ERR_BOND',
        `${name}: ${long} is too long for Linux; use at most ${maxNameLength} characters`,
      )
  }
}

/** Says which bond an error is about. */
function inBond<T>({ name }: BondConfig, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof RingbackError)) throw error
    throw new RingbackError(error.code, `${name}: ${error.message}`, { cause: error })
  }
}

/** What whoever takes it to a host should know. */
function comments(bonds: readonly BondConfig[]): string {
  const lines = bonds.flatMap(({ name, mode, partner, notes }) => [
    ...notes.map((note) => `${name}: ${note}`),
    ...(mode === '802.3ad'
      ? [`${name}: the switch's side is to be configured there: LACP ${partner.lacp}, ${partner.lacpRate}`]
      : []),
  ])
  return lines.map((line) => `# ${line}\n`).join('')
}
