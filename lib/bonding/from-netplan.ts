import { checkObject, checkText } from '../arguments.ts'
import { pathName } from '../reading/problems.ts'
import { parseYaml } from '../reading/yaml-source.ts'
import type { FileKind, Path } from '../reading/yaml-source.ts'
import { BondCollector, fail } from './imported.ts'
import type { ImportedBonds, Place } from './imported.ts'

const netplanFile: FileKind = { code: 'ERR_BOND', noun: "netplan's", examples: '/etc/netplan' }

/**
 * The bonds of a netplan file. What else is in it is not looked at.
 *
 * @param options.file - the file's path, for messages
 * @throws {@link RingbackError} ERR_BOND with one line, `file:line: what; how to fix`
 * @example fromNetplan(await readFile('/etc/netplan/01-bonds.yaml', 'utf8'), { file: '01-bonds.yaml' }).bonds
 */
export function fromNetplan(text: string, options: { file: string }): ImportedBonds {
  checkText(text, 'text')
  checkObject(options, 'options')
  const { file } = options
  checkText(file, 'options.file')
  const source = parseYaml(text, file, netplanFile)
  const placeOf = (path: Path): Place => `${file}:${source.lineOf(path)}: ${pathName(path)}`
  const bonds = mapAt(source.value, ['network', 'bonds'], placeOf)
  const collector = new BondCollector(({ netplan }) => netplan)
  for (const [name, bond] of Object.entries(bonds)) {
    const path = ['network', 'bonds', name]
    const { interfaces = [], parameters = {} } = mapAt(bond, [], () => placeOf(path))
    collector.add(name, placeOf(path))
    if (!Array.isArray(interfaces)) fail(placeOf([...path, 'interfaces']), 'no list; write names, as in [eth0, eth1]')
    interfaces.forEach((nic, i) => collector.addNic(name, String(nic), placeOf([...path, 'interfaces', i])))
    const inParameters = [...path, 'parameters']
    for (const [key, value] of Object.entries(mapAt(parameters, [], () => placeOf(inParameters))))
      collector.set(name, key, value, placeOf([...inParameters, key]))
  }
  return collector.finish()
}

/** The map at `path` in `value`. */
function mapAt(value: unknown, path: readonly string[], placeOf: (path: Path) => Place): Record<string, unknown> {
  let found = value
  path.forEach((key, i) => {
    found = isMap(found) && Object.hasOwn(found, key) ? found[key] : undefined
    if (found === undefined)
      fail(placeOf(path.slice(0, i)).replace(/: $/, ''), `there is no ${path.slice(0, i + 1).join('.')} in it`)
  })
  return isMap(found) ? found : fail(placeOf(path), 'no map; write keys and values')
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
