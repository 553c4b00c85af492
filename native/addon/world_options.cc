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
  [[nodiscard]] Napi::Error error(const char* key, const std::string& problem) const {
    return make_error(object_.Env(), kInvalidArgument, name(key) + " " + problem);
  }
  [[nodiscard]] std::string name(const char* key) const { return path_ + "." + key; }

  // Calls each(Fields) for each element of an array of objects.
  template <class Each>
  void for_each(const char* key, std::uint32_t most, Each&& each) const {
    const Napi::Value value = object_.Get(key);
    if (!value.IsArray()) throw error(key, "must be an array");
    const auto array = value.As<Napi::Array>();
    if (array.Length() > most) throw error(key, "must have at most " + std::to_string(most) + " elements");
    for (std::uint32_t i = 0; i < array.Length(); ++i)
      each(Fields(array.Get(i), name(key) + "[" + std::to_string(i) + "]"));
  }

 private:
  Napi::Object object_;
  std::string path_;
};

NicConfig to_nic(const Fields& nic) {
  return {.rate_bps = nic.integer("rateBps", 1, kMaxRateBps),
          .queue_bytes = nic.integer("queueBytes", 1, kMaxSafeInteger),
          .propagation_ns = nic.integer("propagationNs", 0, kMaxTimeNs),
          .overhead_bytes = nic.integer32("overheadBytes", 0, 65535)};
}

VifConfig to_vif(const Fields& vif, std::size_t nics) {
  if (nics == 0) throw vif.error("nic", "cannot name a NIC: there is none");
  VifConfig config{.nic = vif.integer32("nic", 0, static_cast<std::uint32_t>(nics - 1)),
                   .credit = {},
                   .jiffies_hz = vif.integer32("jiffiesHz", 0, 10'000),
                   .ring_order = vif.integer32("ringOrder", 0, 4),
                   .backlog_packets = vif.integer32("backlogPackets", 0, 1u << 24)};
  const std::uint64_t usec = vif.integer("creditUsec", 0, UINT32_MAX);
  if (usec > 0) config.credit = {vif.integer("creditBytes", 1, kMaxSafeInteger), usec * 1000};
  return config;
}

ConstantSource to_constant(const Fields& source, std::uint32_t vif, std::uint64_t seed) {
  return ConstantSource({.start_ns = source.integer("startNs", 0, kMaxTimeNs),
                         .stop_ns = source.integer("stopNs", 0, kMaxTimeNs),
                         .rate_bps = source.integer("rateBps", 1, kMaxRateBps),
                         .size_bytes = source.integer32("sizeBytes", 60, 65535),
                         .flows = source.integer32("flows", 1, 64511),
                         .jitter_ns = source.integer("jitterNs", 0, kMaxTimeNs),
                         .guest = vif},
                        seed);
}

ReplaySource to_replay(const Fields& source) {
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
  return ReplaySource(std::move(config));
}

}  // namespace

WorldOptions to_world_options(Napi::Value value) {
  const Fields fields(value, "options");
  WorldOptions options;
  WorldConfig& config = options.config;
  const std::string payload = fields.text("payload");
  if (payload != "copy" && payload != "none") throw fields.error("payload", "must be 'copy' or 'none'");
  config.payload = payload == "copy" ? Payload::kCopy : Payload::kNone;
  fields.for_each("nics", kMaxListed, [&](const Fields& nic) { config.nics.push_back(to_nic(nic)); });
  fields.for_each("vifs", World::kMaxVifs,
                  [&](const Fields& vif) { config.vifs.push_back(to_vif(vif, config.nics.size())); });
  // Each source draws from a stream of its own: adding one leaves the others' times as they are.
  Random seeds(fields.integer("seed", 0, kMaxSafeInteger));
  fields.for_each("sources", kMaxListed, [&](const Fields& source) {
    if (config.vifs.empty()) throw source.error("vif", "cannot name a vif: there is none");
    const std::uint32_t vif = source.integer32("vif", 0, static_cast<std::uint32_t>(config.vifs.size() - 1));
    const std::uint64_t seed = seeds.next();
    const std::string kind = source.text("kind");
    if (kind == "constant")
      options.sources.emplace_back(vif, to_constant(source, vif, seed));
    else if (kind == "replay")
      options.sources.emplace_back(vif, to_replay(source));
    else
      throw source.error("kind", "must be 'constant' or 'replay'");
  });
  return options;
}

}  // namespace ringback::addon
