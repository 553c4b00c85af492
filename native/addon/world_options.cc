#include "addon/world_options.h"

#include <algorithm>
#include <string>
#include <utility>

#include "addon/arguments.h"
#include "addon/environment.h"

namespace ringback::addon {
namespace {

constexpr std::uint64_t kMaxTimeNs = kMaxSafeInteger;
constexpr std::uint64_t kMaxRateBps = 10'000'000'000'000;
constexpr std::uint32_t kMaxListed = 1'000'000;
constexpr std::uint32_t kMaxCaptures = 1024;

// An object's fields by name, so that a message can say which one is wrong.
class Fields {
 public:
  Fields(Napi::Value value, std::string path) : object_(to_object(value, path)), path_(std::move(path)) {}

  [[nodiscard]] std::uint64_t integer(const char* key, std::uint64_t least, std::uint64_t most) const {
    return to_integer(object_.Get(key), name(key), least, most);
  }
  [[nodiscard]] std::uint32_t integer32(const char* key, std::uint64_t least, std::uint32_t most) const {
    return static_cast<std::uint32_t>(integer(key, least, most));
  }
  [[nodiscard]] Napi::Value value(const char* key) const { return object_.Get(key); }
  [[nodiscard]] std::string text(const char* key) const {
    const Napi::Value value = object_.Get(key);
    if (!value.IsString()) throw error(key, "must be a string");
    return value.As<Napi::String>().Utf8Value();
  }
  [[nodiscard]] bool boolean(const char* key) const {
    const Napi::Value value = object_.Get(key);
    if (!value.IsBoolean()) throw error(key, "must be true or false");
    return value.As<Napi::Boolean>().Value();
  }
  [[nodiscard]] std::vector<std::uint32_t> integers32(const char* key, std::uint32_t most) const {
    const Napi::Array array = list(key, most);
    std::vector<std::uint32_t> values;
    for (std::uint32_t i = 0; i < array.Length(); ++i)
      values.push_back(static_cast<std::uint32_t>(to_integer(array.Get(i), element(key, i), 0, UINT32_MAX)));
    return values;
  }
  [[nodiscard]] Napi::Error error(const char* key, const std::string& problem) const {
    return make_error(object_.Env(), kInvalidArgument, name(key) + " " + problem);
  }
  [[nodiscard]] std::string name(const char* key) const { return path_ + "." + key; }

  // Calls each(Fields) for each element of an array of objects.
  template <class Each>
  void for_each(const char* key, std::uint32_t most, Each&& each) const {
    const Napi::Array array = list(key, most);
    for (std::uint32_t i = 0; i < array.Length(); ++i) each(Fields(array.Get(i), element(key, i)));
  }

 private:
  [[nodiscard]] Napi::Array list(const char* key, std::uint32_t most) const {
    const Napi::Value value = object_.Get(key);
    if (!value.IsArray()) throw error(key, "must be an array");
    const auto array = value.As<Napi::Array>();
    if (array.Length() > most) throw error(key, "must have at most " + std::to_string(most) + " elements");
    return array;
  }
  [[nodiscard]] std::string element(const char* key, std::uint32_t index) const {
    return name(key) + "[" + std::to_string(index) + "]";
  }

  Napi::Object object_;
  std::string path_;
};

NicConfig to_nic(const Fields& nic) {
  return {.rate_bps = nic.integer("rateBps", 1, kMaxRateBps),
          .queue_bytes = nic.integer("queueBytes", 1, kMaxSafeInteger),
          .propagation_ns = nic.integer("propagationNs", 0, kMaxTimeNs),
          .overhead_bytes = nic.integer32("overheadBytes", 0, 65535)};
}

// The number of one of `count` things.
std::uint32_t to_index(const Fields& fields, const char* key, std::size_t count) {
  if (count == 0) throw fields.error(key, "cannot name anything: there is none");
  return fields.integer32(key, 0, static_cast<std::uint32_t>(count - 1));
}

BridgeOptions to_bridge(const Fields& bridge, std::vector<bool>& taken) {
  BridgeOptions options{.nics = {}, .ageing_ns = bridge.integer("ageingNs", 0, kMaxTimeNs)};
  for (const std::uint32_t nic : bridge.integers32("nics", Bridge::kMaxPorts)) {
    if (nic >= taken.size() || taken[nic]) throw bridge.error("nics", "must name existing NICs that no bridge has yet");
    taken[nic] = true;
    options.nics.push_back(nic);
  }
  return options;
}

Uplink to_uplink(const Fields& vif, const WorldConfig& world) {
  const std::string kind = vif.text("uplinkKind");
  if (kind == "nic") return {Uplink::Kind::kNic, to_index(vif, "uplink", world.nics.size())};
  if (kind == "bridge") return {Uplink::Kind::kBridge, to_index(vif, "uplink", world.bridges.size())};
  throw vif.error("uplinkKind", "must be 'nic' or 'bridge'");
}

VifConfig to_vif(const Fields& vif, const WorldConfig& world) {
  VifConfig config{.uplink = to_uplink(vif, world),
                   .credit = {},
                   .jiffies_hz = vif.integer32("jiffiesHz", 0, 10'000),
                   .ring_order = vif.integer32("ringOrder", 0, 4),
                   .backlog_packets = vif.integer32("backlogPackets", 0, 1u << 24),
                   .queues = vif.integer32("queues", 1, BackEnd::kMaxQueues),
                   .split_event_channels = vif.boolean("splitEventChannels")};
  const std::uint64_t usec = vif.integer("creditUsec", 0, UINT32_MAX);
  if (usec > 0) config.credit = {vif.integer("creditBytes", 1, kMaxSafeInteger), usec * 1000};
  return config;
}

// The two ends of a made-up flow: `vif`'s guest, and the vif "peer" or, at -1, the station outside.
void set_endpoints(ConstantConfig& config, const Fields& source, std::uint32_t vif, bool inbound, std::size_t vifs) {
  const Napi::Value peer = source.value("peer");
  const bool is_outside = peer.IsNumber() && peer.As<Napi::Number>().DoubleValue() == -1;
  config.from = {vif};
  config.to = is_outside ? Endpoint{} : Endpoint{to_index(source, "peer", vifs)};
  if (config.from == config.to) throw source.error("peer", "must be another vif, or -1");
  if (inbound) std::swap(config.from, config.to);
}

ConstantConfig to_constant(const Fields& source) {
  ConstantConfig config{.start_ns = source.integer("startNs", 0, kMaxTimeNs),
                        .stop_ns = source.integer("stopNs", 0, kMaxTimeNs),
                        .rate_bps = source.integer("rateBps", 1, kMaxRateBps),
                        .size_bytes = source.integer32("sizeBytes", 60, 65535),
                        .flows = source.integer32("flows", 1, 64511),
                        .jitter_ns = source.integer("jitterNs", 0, kMaxTimeNs),
                        .gso_size_bytes = source.integer32("gsoBytes", 0, 65535)};
  return config;
}

ReplayConfig to_replay(const Fields& source) {
  ReplayConfig config{.start_ns = source.integer("startNs", 0, kMaxTimeNs),
                      .stop_ns = source.integer("stopNs", 0, kMaxTimeNs),
                      .loop_ns = source.integer("loopNs", 0, kMaxTimeNs),
                      .times_ns = {},
                      .sizes_bytes = {},
                      .headers = {}};
  const auto times = to_bigint64_array(source.value("timesNs"), source.name("timesNs"));
  const auto sizes = to_uint32_array(source.value("sizesBytes"), source.name("sizesBytes"));
  const auto headers = to_bytes(source.value("headers"), source.name("headers"));
  if (sizes.size() != times.size()) throw source.error("sizesBytes", "must have as many elements as timesNs");
  if (headers.size() != times.size() * kReplayHeaderBytes)
    throw source.error("headers", "must have 128 bytes for each element of timesNs");
  if (!std::ranges::is_sorted(times) || (!times.empty() && times.front() < 0))
    throw source.error("timesNs", "must start at 0 or later and never fall");
  if (!times.empty() && static_cast<std::uint64_t>(times.back()) > kMaxTimeNs)
    throw source.error("timesNs", "must stay below 2^53");
  if (config.loop_ns > 0 && !times.empty() && static_cast<std::uint64_t>(times.back()) >= config.loop_ns)
    throw source.error("loopNs", "must be 0 or greater than every element of timesNs");
  if (std::ranges::any_of(sizes, [](std::uint32_t size) { return size < 14 || size > 65535; }))
    throw source.error("sizesBytes", "must hold sizes from 14 to 65535");
  config.times_ns.assign(times.begin(), times.end());
  config.sizes_bytes.assign(sizes.begin(), sizes.end());
  config.headers.assign(headers.begin(), headers.end());
  return config;
}

CaptureConfig to_capture(const Fields& capture, const WorldConfig& world) {
  const std::string kind = capture.text("kind");
  if (kind == "nic") return {CaptureKind::kNicOut, to_index(capture, "index", world.nics.size())};
  if (kind == "nic-in") return {CaptureKind::kNicIn, to_index(capture, "index", world.nics.size())};
  if (kind == "vif-out") return {CaptureKind::kVifOut, to_index(capture, "index", world.vifs.size())};
  if (kind == "vif-in") return {CaptureKind::kVifIn, to_index(capture, "index", world.vifs.size())};
  throw capture.error("kind", "must be 'nic', 'nic-in', 'vif-out' or 'vif-in'");
}

Source to_source(const Fields& source, const WorldConfig& world, std::uint64_t seed) {
  const std::uint32_t vif = to_index(source, "vif", world.vifs.size());
  const std::string direction = source.text("direction");
  if (direction != "out" && direction != "in") throw source.error("direction", "must be 'out' or 'in'");
  const bool inbound = direction == "in";
  const auto make = [&](Source::Kind kind) {
    if (!inbound) return Source(vif, std::move(kind));
    return Source(vif, to_index(source, "nic", world.nics.size()), std::move(kind));
  };
  const std::string kind = source.text("kind");
  if (kind == "replay") return make(ReplaySource(to_replay(source), seed));
  if (kind != "constant") throw source.error("kind", "must be 'constant' or 'replay'");
  ConstantConfig config = to_constant(source);
  set_endpoints(config, source, vif, inbound, world.vifs.size());
  return make(ConstantSource(config, seed));
}

void check_ports(const Fields& fields, const std::vector<VifConfig>& vifs) {
  std::uint64_t ports = 0;
  for (const VifConfig& vif : vifs) ports += vif.ports();
  if (ports > World::kMaxVifPorts)
    throw fields.error("vifs", "need " + std::to_string(ports) + " event channels, more than 4095");
}

void check_bridges(const Fields& fields, const WorldConfig& config) {
  std::vector<std::size_t> ports;
  for (const BridgeOptions& bridge : config.bridges) ports.push_back(bridge.nics.size());
  for (const VifConfig& vif : config.vifs)
    if (vif.uplink.kind == Uplink::Kind::kBridge) ++ports[vif.uplink.index];
  if (std::ranges::any_of(ports, [](std::size_t count) { return count > Bridge::kMaxPorts; }))
    throw fields.error("bridges", "must have at most 1024 ports each");
}

void check_captures(const Fields& fields, const std::vector<CaptureConfig>& captures) {
  for (std::size_t i = 0; i < captures.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (captures[i].kind == captures[k].kind && captures[i].index == captures[k].index)
        throw fields.error("captures", "must name each point once");
}

}  // namespace

WorldOptions to_world_options(Napi::Value value) {
  const Fields fields(value, "options");
  WorldOptions options;
  WorldConfig& config = options.config;
  const std::string payload = fields.text("payload");
  if (payload != "copy" && payload != "none") throw fields.error("payload", "must be 'copy' or 'none'");
  config.payload = payload == "copy" ? Payload::kCopy : Payload::kNone;
  config.fill_payload = fields.boolean("fillPayload");
  config.seed = fields.integer("seed", 0, kMaxSafeInteger);
  fields.for_each("nics", kMaxListed, [&](const Fields& nic) { config.nics.push_back(to_nic(nic)); });
  std::vector<bool> taken(config.nics.size(), false);
  fields.for_each("bridges", kMaxListed,
                  [&](const Fields& bridge) { config.bridges.push_back(to_bridge(bridge, taken)); });
  fields.for_each("vifs", World::kMaxVifPorts, [&](const Fields& vif) { config.vifs.push_back(to_vif(vif, config)); });
  check_ports(fields, config.vifs);
  check_bridges(fields, config);
  fields.for_each("captures", kMaxCaptures,
                  [&](const Fields& capture) { config.captures.push_back(to_capture(capture, config)); });
  check_captures(fields, config.captures);
  // Each source draws from a stream of its own: adding one leaves the others' times as they are.
  Random seeds(config.seed);
  fields.for_each("sources", kMaxListed,
                  [&](const Fields& source) { options.sources.push_back(to_source(source, config, seeds.next())); });
  return options;
}

}  // namespace ringback::addon
