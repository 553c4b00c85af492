// Three network namespaces of this process alone: a sender, a bridge whose port to the receiver is a tbf, a receiver.
import { execFileSync } from 'node:child_process'
import process from 'node:process'

const own = `rbtbf-${process.pid}`
export const namespaces = { sender: `${own}-a`, bridge: `${own}-m`, receiver: `${own}-b` }
export const addresses = { sender: '10.77.0.1', receiver: '10.77.0.2' }

const call = (file, ...words) => execFileSync(file, words, { encoding: 'utf8' })
const ip = (...words) => call('ip', ...words)
const inside = (namespace, ...words) => ip('netns', 'exec', namespace, ...words)

/** The device behind which the queue is: the bridge's port to the receiver, or the sender's own. */
const shaped = { bridge: [namespaces.bridge, 'port-b'], sender: [namespaces.sender, 'eth-a'] }

/** eth-a - port-a:br0:port-b - eth-b */
export function makeNetwork() {
  for (const namespace of Object.values(namespaces)) ip('netns', 'add', namespace)
  const { sender, bridge, receiver } = namespaces
  ip('-n', bridge, 'link', 'add', 'name', 'br0', 'type', 'bridge')
  for (const [port, end, namespace] of [
    ['port-a', 'eth-a', sender],
    ['port-b', 'eth-b', receiver],
  ]) {
    ip('-n', bridge, 'link', 'add', 'name', port, 'type', 'veth', 'peer', 'name', end, 'netns', namespace)
    ip('-n', bridge, 'link', 'set', 'dev', port, 'master', 'br0')
    ip('-n', bridge, 'link', 'set', 'dev', port, 'up')
  }
  ip('-n', bridge, 'link', 'set', 'dev', 'br0', 'up')
  for (const [namespace, end, address] of [
    [sender, 'eth-a', addresses.sender],
    [receiver, 'eth-b', addresses.receiver],
  ]) {
    ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', end)
    ip('-n', namespace, 'link', 'set', 'dev', end, 'up')
    ip('-n', namespace, 'link', 'set', 'dev', 'lo', 'up')
    // What one connection learned must not help the next.
    inside(namespace, 'sysctl', '-qw', 'net.ipv4.tcp_no_metrics_save=1')
  }
}

/** Removes the namespaces and with them all that is in them. */
export function removeNetwork() {
  const present = ip('netns', 'list')
  for (const namespace of Object.values(namespaces)) if (present.includes(namespace)) ip('netns', 'del', namespace)
}

/** Whether frames larger than the MTU may be handed down and up. */
export function setOffloads(isOn) {
  const word = isOn ? 'on' : 'off'
  const devices = [
    [namespaces.sender, 'eth-a'],
    [namespaces.bridge, 'port-a'],
    [namespaces.bridge, 'port-b'],
    [namespaces.receiver, 'eth-b'],
  ]
  for (const [namespace, device] of devices)
    inside(namespace, 'ethtool', '-K', device, 'gso', word, 'tso', word, 'gro', word)
}

/**
 * @param place - `bridge` or `sender`
 * @param queue - rateMbps, burstBytes, limitBytes
 */
export function setQueue(place, { rateMbps, burstBytes, limitBytes }) {
  for (const [namespace, device] of Object.values(shaped))
    if (ip('netns', 'exec', namespace, 'tc', 'qdisc', 'show', 'dev', device).includes('tbf'))
      inside(namespace, 'tc', 'qdisc', 'del', 'dev', device, 'root')
  const [namespace, device] = shaped[place]
  const words = ['rate', `${rateMbps}mbit`, 'burst', `${burstBytes}`, 'limit', `${limitBytes}`]
  inside(namespace, 'tc', 'qdisc', 'add', 'dev', device, 'root', 'tbf', ...words)
}

/** What the queue has dropped since it was made. */
export function queueDrops(place) {
  const [namespace, device] = shaped[place]
  const [{ drops }] = JSON.parse(inside(namespace, 'tc', '-s', '-j', 'qdisc', 'show', 'dev', device))
  return drops
}
