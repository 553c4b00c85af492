// node test/vectors/xmit-hashes.mjs: writes xmit-hashes.json, the golden values of the bonding driver's transmit hashes.
//
// Nothing here reads a frame. Each case is put together from fields, and beside the fields stands what a bond must see:
// the type behind the outermost VLAN tag, and for the policies by IP the addresses and ports that count, as
// Documentation/networking/bonding.rst and bond_main.c of Linux 6.x have it. The hashes are then worked out from those
// by the documentation's formulas. Words are little-endian, as on x86 and arm64: Linux exclusive-ors addresses and ports
// as its machine loads them from the frame.
import { writeFileSync } from 'node:fs'
import { URL } from 'node:url'

// Fields to bytes.
const be16 = (value) => [value >> 8, value & 255]
const be32 = (value) => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]
const ipv4 = (text) => text.split('.').map(Number)
const ipv6 = (groups) => groups.flatMap(be16)
const zeros = (count) => Array(count).fill(0)

const destination = [0x02, 0x42, 0xac, 0x11, 0x00, 0xc7]
const source = [0x00, 0x16, 0x3e, 0x5a, 0x9d, 0x31]
const ethernet = (type, ...payload) => [...destination, ...source, ...be16(type), ...payload.flat()]
const vlan = (tci, type) => [...be16(tci), ...be16(type)]

const v4 = (protocol, from, to, payload, { options = [], fragment = 0, version = 0x40, words = 5 } = {}) => [
  version + words + options.length / 4,
  ...[0, 0, 84, 0x12, 0x34],
  ...be16(fragment),
  ...[64, protocol, 0, 0],
  ...from,
  ...to,
  ...options,
  ...payload,
]
const v6 = (next, from, to, payload, label = 0) => [
  ...be32(0x60000000 + label),
  ...[0, 44, next, 64],
  ...from,
  ...to,
  ...payload,
]
const ports = ([from, to]) => [...be16(from), ...be16(to)]
const tcp = (pair) => [...ports(pair), ...zeros(8), 0x50, 0x10, ...zeros(6)]
const udp = (pair, ...payload) => [...ports(pair), ...be16(40), 0, 0, ...payload.flat()]
const icmp = (type, code, id, ...payload) => [type, code, 0x5a, 0x5a, ...be16(id), 0, 1, ...payload.flat()]

// Fields to hashes.
const le32 = ([a, b, c, d]) => (a | (b << 8) | (c << 16) | (d << 24)) >>> 0
/** @returns IPv4: the word; IPv6: the exclusive or of its four words (ipv6_addr_hash) */
const wordOf = (address) => {
  let word = 0
  for (let i = 0; i < address.length; i += 4) word ^= le32(address.slice(i, i + 4))
  return word >>> 0
}
const folded = (hash) => {
  const half = (hash ^ (hash >>> 16)) >>> 0
  return (half ^ (half >>> 8)) >>> 0
}
/** source MAC[5] XOR destination MAC[5] XOR packet type ID */
const layer2 = (type) => source[5] ^ destination[5] ^ type
const layer23 = (type, ip) => folded(layer2(type) ^ wordOf(ip.from) ^ wordOf(ip.to))
/** What stands for the ports: nothing, the word of four bytes, or an ICMP header's type, code and identifier. */
const portWord = ({ word, echo }) => {
  if (echo) return (echo.type | (echo.code << 8) | ((echo.id || 1) << 16)) >>> 0
  return word ? le32(word) : 0
}
const layer34 = (ip) => folded(portWord(ip) ^ wordOf(ip.from) ^ wordOf(ip.to)) >>> 1
/** vlan XOR source MAC vendor XOR source MAC dev */
const vlanSourceMac = (tci) =>
  tci ^ ((source[0] << 16) | (source[1] << 8) | source[2]) ^ ((source[3] << 16) | (source[4] << 8) | source[5])

/**
 * @param type - the Ethernet type that the bond sees
 * @param outer - addresses and ports for layer2+3 and layer3+4; null: Linux falls back to layer2
 * @param inner - the same for encap; left out: as outer
 */
function entry(name, frame, { type, tci = 0, outer = null, inner = outer }) {
  const hex = frame.map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return {
    name,
    frame: hex,
    layer2: layer2(type),
    'layer2+3': outer ? layer23(type, outer) : layer2(type),
    'layer3+4': outer ? layer34(outer) : layer2(type),
    'encap2+3': inner ? layer23(type, inner) : layer2(type),
    'encap3+4': inner ? layer34(inner) : layer2(type),
    'vlan+srcmac': vlanSourceMac(tci),
  }
}
const nothing = (name, frame) => ({
  ...entry(name, frame, { type: 0 }),
  ...Object.fromEntries(
    ['layer2', 'layer2+3', 'layer3+4', 'encap2+3', 'encap3+4', 'vlan+srcmac'].map((policy) => [policy, 0]),
  ),
})

const [IP, ARP, IPV6, VLAN, SERVICE] = [0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8]
const [ICMP, IPIP, TCP, UDP, IP6, GRE, ESP, AH, ICMP6, SCTP] = [1, 4, 6, 17, 41, 47, 50, 51, 58, 132]
const web = { from: ipv4('10.1.2.3'), to: ipv4('192.168.77.250') }
const tunnel = { from: ipv4('172.16.254.1'), to: ipv4('172.16.1.254') }
const web6 = {
  from: ipv6([0x2001, 0xdb8, 0x1111, 0x2222, 0x0216, 0x3eff, 0xfe5a, 0x9d31]),
  to: ipv6([0x2a00, 0x1450, 0x4001, 0x82b, 0, 0, 0, 0x200e]),
}
const tunnel6 = { from: ipv6([0xfd00, 0, 0, 0, 0, 0, 0, 1]), to: ipv6([0xfd00, 0, 0, 7, 0, 0, 0, 0x99]) }
const pair = [49_152, 443]
const word = ports(pair)
const withPorts = (ip, bytes = word) => ({ ...ip, word: bytes })
const nowhere = { from: [], to: [] } // known, without addresses

const tcp4 = v4(TCP, web.from, web.to, tcp(pair))
const udp4 = v4(UDP, web.from, web.to, udp(pair))
const tcp6 = v6(TCP, web6.from, web6.to, tcp(pair))
const inEthernet = [...zeros(5), 9, ...zeros(5), 8] // MAC addresses inside a tunnel: they count for nothing

const plain = [
  entry('TCP over IPv4', ethernet(IP, tcp4), { type: IP, outer: withPorts(web) }),
  entry('UDP over IPv4', ethernet(IP, udp4), { type: IP, outer: withPorts(web) }),
  entry('TCP over IPv4, the other way', ethernet(IP, v4(TCP, web.to, web.from, tcp([443, 49_152]))), {
    type: IP,
    outer: withPorts(web, ports([443, 49_152])),
  }),
  entry('SCTP over IPv4', ethernet(IP, v4(SCTP, web.from, web.to, [...word, ...zeros(8)])), {
    type: IP,
    outer: withPorts(web),
  }),
  entry('DCCP over IPv4', ethernet(IP, v4(33, web.from, web.to, [...word, ...zeros(8)])), {
    type: IP,
    outer: withPorts(web),
  }),
  entry('UDP-Lite over IPv4', ethernet(IP, v4(136, web.from, web.to, [...word, ...zeros(4)])), {
    type: IP,
    outer: withPorts(web),
  }),
  entry('ESP: the SPI', ethernet(IP, v4(ESP, web.from, web.to, [...be32(0xdeadbeef), ...zeros(4)])), {
    type: IP,
    outer: withPorts(web, be32(0xdeadbeef)),
  }),
  entry('AH: the SPI', ethernet(IP, v4(AH, web.from, web.to, [TCP, 4, 0, 0, ...be32(0xcafef00d)])), {
    type: IP,
    outer: withPorts(web, be32(0xcafef00d)),
  }),
  entry('OSPF: no ports', ethernet(IP, v4(89, web.from, web.to, [2, 1, 0, 44])), { type: IP, outer: web }),
  entry('TCP over IPv6', ethernet(IPV6, tcp6), { type: IPV6, outer: withPorts(web6) }),
  entry('UDP over IPv6 with a flow label', ethernet(IPV6, v6(UDP, web6.from, web6.to, udp(pair), 0xabcde)), {
    type: IPV6,
    outer: withPorts(web6),
  }),
]

const options = [1, 1, 1, 1, 7, 4, 4, 0]
const odd = [
  entry('IPv4 options', ethernet(IP, v4(TCP, web.from, web.to, tcp(pair), { options })), {
    type: IP,
    outer: withPorts(web),
  }),
  entry(
    "a first fragment's ports do not count",
    ethernet(IP, v4(UDP, web.from, web.to, udp(pair), { fragment: 0x2000 })),
    {
      type: IP,
      outer: web,
    },
  ),
  entry('a later fragment', ethernet(IP, v4(UDP, web.from, web.to, udp(pair), { fragment: 0x20b9 })), {
    type: IP,
    outer: web,
  }),
  entry('the last fragment', ethernet(IP, v4(TCP, web.from, web.to, tcp(pair), { fragment: 0x0172 })), {
    type: IP,
    outer: web,
  }),
  entry(
    'not to be fragmented is no fragment',
    ethernet(IP, v4(TCP, web.from, web.to, tcp(pair), { fragment: 0x4000 })),
    {
      type: IP,
      outer: withPorts(web),
    },
  ),
  entry(
    'an IPv4 header of 16 bytes: the ports overlap it, encap gives up',
    ethernet(IP, v4(TCP, web.from, web.to, tcp(pair), { words: 4 })),
    { type: IP, outer: withPorts(web, web.to), inner: null },
  ),
  entry(
    'IPv4 by its type, whatever version it says',
    ethernet(IP, v4(TCP, web.from, web.to, tcp(pair), { version: 0x60 })),
    {
      type: IP,
      outer: withPorts(web),
    },
  ),
  entry(
    'IPv6 hop-by-hop options: layer3+4 stops, encap goes on',
    ethernet(IPV6, v6(0, web6.from, web6.to, [TCP, 0, 5, 2, 0, 0, 1, 0, ...tcp(pair)])),
    { type: IPV6, outer: web6, inner: withPorts(web6) },
  ),
  entry(
    'IPv6 destination options of 16 bytes, then routing of 24',
    ethernet(IPV6, v6(60, web6.from, web6.to, [43, 1, 1, 12, ...zeros(12), UDP, 2, ...zeros(22), ...udp(pair)])),
    { type: IPV6, outer: web6, inner: withPorts(web6) },
  ),
  entry('an IPv6 fragment', ethernet(IPV6, v6(44, web6.from, web6.to, [UDP, 0, 0, 1, 0, 0, 0, 7, ...udp(pair)])), {
    type: IPV6,
    outer: web6,
  }),
  entry(
    'a later IPv6 fragment',
    ethernet(IPV6, v6(44, web6.from, web6.to, [TCP, 0, 5, 0xa8, 0, 0, 0, 7, ...tcp(pair)])),
    {
      type: IPV6,
      outer: web6,
    },
  ),
]

const [QTAG, STAG] = [0x6064, 0x0fa5] // priority 3, VLAN 100; VLAN 4005
const tagged = [
  entry('TCP over IPv4 in a VLAN', ethernet(VLAN, vlan(QTAG, IP), tcp4), {
    type: IP,
    tci: QTAG,
    outer: withPorts(web),
  }),
  entry('TCP over IPv6 in a VLAN', ethernet(VLAN, vlan(QTAG, IPV6), tcp6), {
    type: IPV6,
    tci: QTAG,
    outer: withPorts(web6),
  }),
  entry('one service tag (802.1ad)', ethernet(SERVICE, vlan(STAG, IP), udp4), {
    type: IP,
    tci: STAG,
    outer: withPorts(web),
  }),
  entry('two tags: only encap looks behind the second', ethernet(SERVICE, vlan(STAG, VLAN), vlan(QTAG, IP), tcp4), {
    type: VLAN,
    tci: STAG,
    inner: withPorts(web),
  }),
  entry('three tags', ethernet(SERVICE, vlan(STAG, SERVICE), vlan(7, VLAN), vlan(QTAG, IPV6), tcp6), {
    type: SERVICE,
    tci: STAG,
    inner: withPorts(web6),
  }),
  entry('ARP in a VLAN', ethernet(VLAN, vlan(QTAG, ARP), [0, 1, 8, 0, 6, 4, 0, 1], zeros(20)), {
    type: ARP,
    tci: QTAG,
    inner: nowhere,
  }),
]

const notIp = [
  entry('ARP: encap knows it, without addresses', ethernet(ARP, [0, 1, 8, 0, 6, 4, 0, 1], zeros(20)), {
    type: ARP,
    inner: nowhere,
  }),
  entry('MPLS', ethernet(0x8847, [0, 1, 0x01, 64], tcp4), { type: 0x8847, inner: nowhere }),
  entry('HSR with IPv4', ethernet(0x892f, [0, 52, 0, 1], be16(IP), tcp4), { type: 0x892f, inner: withPorts(web) }),
  entry('an unknown type', ethernet(0x88b5, zeros(46)), { type: 0x88b5 }),
  entry('LLDP', ethernet(0x88cc, zeros(46)), { type: 0x88cc }),
  entry('a length, not a type (802.2)', ethernet(38, [0x42, 0x42, 3], zeros(35)), { type: 38 }),
  entry('PPPoE with IPv4', ethernet(0x8864, [0x11, 0, 0, 9, 0, 46, 0x00, 0x21], tcp4), {
    type: 0x8864,
    inner: withPorts(web),
  }),
  entry('PPPoE with LCP', ethernet(0x8864, [0x11, 0, 0, 9, 0, 46, 0xc0, 0x21], zeros(20)), {
    type: 0x8864,
    inner: nowhere,
  }),
]

const quoted = v4(TCP, web.to, web.from, word)
const control = [
  entry('an echo request', ethernet(IP, v4(ICMP, web.from, web.to, icmp(8, 0, 0x1234, zeros(32)))), {
    type: IP,
    outer: { ...web, echo: { type: 8, code: 0, id: 0x1234 } },
  }),
  entry('an echo reply with identifier 0, which counts as 1', ethernet(IP, v4(ICMP, web.to, web.from, icmp(0, 0, 0))), {
    type: IP,
    outer: { ...web, echo: { type: 0, code: 0, id: 0 } },
  }),
  entry(
    'a first fragment of an echo request',
    ethernet(IP, v4(ICMP, web.from, web.to, icmp(8, 0, 5), { fragment: 0x2000 })),
    {
      type: IP,
      outer: web,
    },
  ),
  entry('ICMPv6 echo', ethernet(IPV6, v6(ICMP6, web6.from, web6.to, icmp(128, 0, 77, zeros(8)))), {
    type: IPV6,
    outer: { ...web6, echo: { type: 128, code: 0, id: 77 } },
  }),
  entry('ICMP router advertisement: no identifier', ethernet(IP, v4(ICMP, web.from, web.to, icmp(9, 0, 0x0102))), {
    type: IP,
    outer: web,
  }),
  entry('neighbour solicitation', ethernet(IPV6, v6(ICMP6, web6.from, web6.to, icmp(135, 0, 0, web6.to))), {
    type: IPV6,
    outer: web6,
  }),
  entry(
    'an ICMP error goes with what it complains about; encap takes it as it is',
    ethernet(IP, v4(ICMP, tunnel.from, tunnel.to, icmp(3, 4, 0, quoted))),
    { type: IP, outer: { from: web.to, to: web.from, word }, inner: tunnel },
  ),
  entry(
    'an ICMPv6 error likewise',
    ethernet(IPV6, v6(ICMP6, tunnel6.from, tunnel6.to, icmp(2, 0, 0, v6(UDP, web6.to, web6.from, udp(pair))))),
    { type: IPV6, outer: { from: web6.to, to: web6.from, word }, inner: tunnel6 },
  ),
  entry(
    'an ICMP error that quotes half a header',
    ethernet(IP, v4(ICMP, web.from, web.to, icmp(11, 0, 0, quoted.slice(0, 12)))),
    {
      type: IP,
      inner: web,
    },
  ),
]

const vxlan = [0x08, 0, 0, 0, 0, 0, 42, 0]
const vxlanPair = [51_000, 4789]
const vxlanInside = [...vxlan, ...inEthernet, ...be16(IP), ...tcp4]
const outerUdp = (ip, to) => withPorts(ip, ports([51_000, to]))
const gre = (flags, type, ...more) => [...be16(flags), ...be16(type), ...more.flat()]
const in4 = (protocol, payload) => ethernet(IP, v4(protocol, tunnel.from, tunnel.to, payload))
const tunnels = [
  entry('VXLAN over IPv4: UDP is not looked into', in4(UDP, udp(vxlanPair, vxlanInside)), {
    type: IP,
    outer: outerUdp(tunnel, 4789),
  }),
  entry('VXLAN over IPv6', ethernet(IPV6, v6(UDP, tunnel6.from, tunnel6.to, udp(vxlanPair, vxlanInside))), {
    type: IPV6,
    outer: outerUdp(tunnel6, 4789),
  }),
  entry(
    'GENEVE: nor here',
    in4(UDP, udp([51_000, 6081], [0, 0, 0x65, 0x58, 0, 0, 42, 0], inEthernet, be16(IP), tcp4)),
    {
      type: IP,
      outer: outerUdp(tunnel, 6081),
    },
  ),
  entry('GRE with IPv4', in4(GRE, gre(0, IP, tcp4)), { type: IP, outer: tunnel, inner: withPorts(web) }),
  entry('GRE with checksum, key and sequence, IPv6 inside', in4(GRE, gre(0xb000, IPV6, zeros(12), tcp6)), {
    type: IP,
    outer: tunnel,
    inner: withPorts(web6),
  }),
  entry('NVGRE: Ethernet inside', in4(GRE, gre(0x2000, 0x6558, [0, 0, 42, 1], inEthernet, be16(IP), udp4)), {
    type: IP,
    outer: tunnel,
    inner: withPorts(web),
  }),
  entry(
    'NVGRE: Ethernet with a VLAN tag inside',
    in4(GRE, gre(0x2000, 0x6558, [0, 0, 42, 1], inEthernet, be16(VLAN), vlan(5, IP), udp4)),
    { type: IP, outer: tunnel, inner: withPorts(web) },
  ),
  entry('GRE with source routes is not looked into', in4(GRE, gre(0x4000, IP, tcp4)), { type: IP, outer: tunnel }),
  entry('GRE of a version that nobody knows', in4(GRE, gre(2, IP, tcp4)), { type: IP, outer: tunnel }),
  entry('PPTP: GRE version 1', in4(GRE, gre(0x3081, 0x880b, zeros(12), [0xff, 3, 0, 0x21], tcp4)), {
    type: IP,
    outer: tunnel,
    inner: withPorts(web),
  }),
  entry('GRE with something unknown: encap gives up', in4(GRE, gre(0, 0x88b5, zeros(20))), {
    type: IP,
    outer: tunnel,
    inner: null,
  }),
  entry('GRE with ARP: the outer addresses stay', in4(GRE, gre(0, 0x6558, inEthernet, be16(ARP), zeros(28))), {
    type: IP,
    outer: tunnel,
  }),
  entry('IPIP', in4(IPIP, tcp4), { type: IP, outer: tunnel, inner: withPorts(web) }),
  entry(
    'a first fragment of an IPIP datagram',
    ethernet(IP, v4(IPIP, tunnel.from, tunnel.to, tcp4, { fragment: 0x2000 })),
    {
      type: IP,
      outer: tunnel,
    },
  ),
  entry('IPIP with a fragment inside', in4(IPIP, v4(UDP, web.from, web.to, udp(pair), { fragment: 0x2000 })), {
    type: IP,
    outer: tunnel,
    inner: web,
  }),
  entry('IPIP with an echo request inside', in4(IPIP, v4(ICMP, web.from, web.to, icmp(8, 0, 9))), {
    type: IP,
    outer: tunnel,
    inner: { ...web, echo: { type: 8, code: 0, id: 9 } },
  }),
  entry('IPIP whose inner header is cut off', in4(IPIP, tcp4.slice(0, 19)), { type: IP, outer: tunnel, inner: null }),
  entry('6in4', in4(IP6, tcp6), { type: IP, outer: tunnel, inner: withPorts(web6) }),
  entry('IPv4 in IPv6', ethernet(IPV6, v6(IPIP, tunnel6.from, tunnel6.to, udp4)), {
    type: IPV6,
    outer: tunnel6,
    inner: withPorts(web),
  }),
  entry(
    'IPv6 in IPv6 behind destination options',
    ethernet(IPV6, v6(60, tunnel6.from, tunnel6.to, [IP6, 0, ...zeros(6), ...v6(UDP, web6.from, web6.to, word)])),
    { type: IPV6, outer: tunnel6, inner: withPorts(web6) },
  ),
]

// What there is of a frame that ends early: no Ethernet header, no IP header, no ports.
const cutAt = (size, frame, seen) => entry(`cut after ${size} bytes: ${seen.what}`, frame.slice(0, size), seen)
const [plain4, plain6, tagged4] = [ethernet(IP, tcp4), ethernet(IPV6, tcp6), ethernet(VLAN, vlan(QTAG, IP), tcp4)]
const cut = [
  nothing('nothing', []),
  nothing('cut after 13 bytes', plain4.slice(0, 13)),
  cutAt(14, plain4, { what: 'Ethernet', type: IP }),
  cutAt(33, plain4, { what: 'most of IPv4', type: IP }),
  cutAt(34, plain4, { what: 'IPv4', type: IP, outer: web }),
  cutAt(37, plain4, { what: 'one port', type: IP, outer: web }),
  cutAt(38, plain4, { what: 'IPv4 and ports', type: IP, outer: withPorts(web) }),
  cutAt(53, plain6, { what: 'most of IPv6', type: IPV6 }),
  cutAt(54, plain6, { what: 'IPv6', type: IPV6, outer: web6 }),
  cutAt(58, plain6, { what: 'IPv6 and ports', type: IPV6, outer: withPorts(web6) }),
  cutAt(37, tagged4, { what: 'a tag and most of IPv4', type: IP, tci: QTAG }),
  cutAt(38, tagged4, { what: 'a tag and IPv4', type: IP, tci: QTAG, outer: web }),
  cutAt(42, tagged4, { what: 'a tag, IPv4 and ports', type: IP, tci: QTAG, outer: withPorts(web) }),
]

const provenance =
  "Written by test/vectors/xmit-hashes.mjs: frames from fields, hashes from the same fields by the formulas of Linux's " +
  'Documentation/networking/bonding.rst (6.x), little-endian; nothing read a frame.'
const frames = [...plain, ...odd, ...tagged, ...notIp, ...control, ...tunnels, ...cut]
writeFileSync(new URL('xmit-hashes.json', import.meta.url), `${JSON.stringify({ provenance, frames }, null, 2)}\n`)
