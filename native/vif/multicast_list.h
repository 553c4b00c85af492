// The group addresses a guest asked for (xenvif_mcast_add, xenvif_mcast_del).
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace ringback {

class MulticastList {
 public:
  using Address = std::array<std::uint8_t, 6>;
  static constexpr std::size_t kMaxAddresses = 64;

  // False when the list is full.
  [[nodiscard]] bool add(const Address& address) {
    if (addresses_.size() == kMaxAddresses) return false;
    addresses_.push_back(address);
    return true;
  }
  // An address that is not there is no error.
  void remove(const Address& address) {
    if (const auto at = std::ranges::find(addresses_, address); at != addresses_.end()) addresses_.erase(at);
  }
  [[nodiscard]] bool contains(const Address& address) const {
    return std::ranges::find(addresses_, address) != addresses_.end();
  }

 private:
  std::vector<Address> addresses_;
};

}  // namespace ringback
