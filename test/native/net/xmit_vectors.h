// The golden values of test/vectors/xmit-hashes.json, whose script says how they were worked out.
#pragma once
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace ringback::test {

struct XmitVector {
  std::string name;
  std::vector<std::byte> frame;
  std::map<std::string, std::uint32_t> hashes;  // by policy
};

inline std::vector<std::byte> bytes_of_hex(const std::string& hex) {
  std::vector<std::byte> bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
    bytes.push_back(static_cast<std::byte>(std::stoul(hex.substr(at, 2), nullptr, 16)));
  return bytes;
}

// A line a member, as the script writes them; of JSON nothing else is understood.
inline std::vector<XmitVector> read_xmit_vectors() {
  std::ifstream file(VECTORS_DIR "/xmit-hashes.json");
  if (!file) throw std::runtime_error("test/vectors/xmit-hashes.json cannot be read");
  std::vector<XmitVector> vectors;
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find("\": ");
    if (colon == std::string::npos) continue;
    const std::string key = line.substr(line.find('"') + 1, colon - line.find('"') - 1);
    const std::string rest = line.substr(colon + 3);
    const std::string text = rest.front() == '"' ? rest.substr(1, rest.rfind('"') - 1) : "";
    if (key == "name") vectors.push_back({text, {}, {}});
    if (vectors.empty() || key == "name") continue;
    if (key == "frame")
      vectors.back().frame = bytes_of_hex(text);
    else
      vectors.back().hashes[key] = static_cast<std::uint32_t>(std::stoul(rest));
  }
  return vectors;
}

}  // namespace ringback::test
