// The loops that every peer runs: a driver and its back end on two cores, or both on one.
//
// A peer is a class with Request, Response, kName and
//   std::uint32_t push_requests(const Request*, std::uint32_t count)    how many fit; publishes and checks for notify
//   std::uint32_t take_requests(Request*, std::uint32_t most)
//   void push_responses(const Response*, std::uint32_t count)           publishes and checks for notify
//   std::uint32_t take_responses(Response*, std::uint32_t most)
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "sample.h"

namespace ringback::bench {

inline constexpr std::uint32_t kMostBatch = 256;
inline constexpr std::uint32_t kSlots = 256;

template <class Peer>
[[nodiscard]] typename Peer::Request make_request(std::uint64_t n) {
  typename Peer::Request request{};
  request.gref = static_cast<std::uint32_t>(n);
  request.id = static_cast<std::uint16_t>(n & 0xff);
  request.size = 1500;
  return request;
}

// What the driver saw come back and the back end saw come in: both must be the sums of what was sent.
struct Sums {
  std::uint64_t grefs = 0;
  std::uint64_t ids = 0;

  [[nodiscard]] bool are_of(std::uint64_t pairs) const {
    const std::uint64_t rest = pairs % 256;
    return grefs == pairs * (pairs - 1) / 2 && ids == pairs / 256 * (255 * 128) + rest * (rest - 1) / 2;
  }
};

// The loops are functions of their own, so that the compiler treats each peer's alike.

// Sends whole batches while fewer than `in_flight` requests are open, and takes what came back.
template <class Peer>
[[gnu::noinline]] std::uint64_t drive(Peer& peer, std::uint64_t pairs, std::uint32_t batch, std::uint32_t in_flight) {
  std::array<typename Peer::Request, kMostBatch> requests;
  std::array<typename Peer::Response, kMostBatch> responses;
  std::uint64_t ids = 0;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  while (received < pairs) {
    const auto room = static_cast<std::uint32_t>(in_flight - (sent - received));
    const auto wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(batch, pairs - sent));
    std::uint32_t pushed = 0;
    if (wanted > 0 && wanted <= room) {
      for (std::uint32_t i = 0; i < wanted; ++i) requests[i] = make_request<Peer>(sent + i);
      pushed = peer.push_requests(requests.data(), wanted);
      sent += pushed;
    }
    const std::uint32_t taken = peer.take_responses(responses.data(), batch);
    for (std::uint32_t i = 0; i < taken; ++i) ids += responses[i].id;
    received += taken;
    if (pushed == 0 && taken == 0) pause();
  }
  return ids;
}

template <class Peer>
[[gnu::noinline]] std::uint64_t answer(Peer& peer, std::uint64_t pairs, std::uint32_t batch) {
  std::array<typename Peer::Request, kMostBatch> requests;
  std::array<typename Peer::Response, kMostBatch> responses;
  std::uint64_t grefs = 0;
  for (std::uint64_t answered = 0; answered < pairs;) {
    const std::uint32_t taken = peer.take_requests(requests.data(), batch);
    if (taken == 0) {
      pause();
      continue;
    }
    for (std::uint32_t i = 0; i < taken; ++i) {
      grefs += requests[i].gref;
      responses[i] = {requests[i].id, 0};
    }
    peer.push_responses(responses.data(), taken);
    answered += taken;
  }
  return grefs;
}

// Plays both sides, a batch each in turn. Stops short when something is not taken whole.
//
// Requires: `pairs` is a multiple of `batch`.
template <class Peer>
[[gnu::noinline]] Sums play_both(Peer& peer, std::uint64_t pairs, std::uint32_t batch) {
  std::array<typename Peer::Request, kMostBatch> requests;
  std::array<typename Peer::Response, kMostBatch> responses;
  Sums sums;
  for (std::uint64_t sent = 0; sent < pairs; sent += batch) {
    for (std::uint32_t i = 0; i < batch; ++i) requests[i] = make_request<Peer>(sent + i);
    if (peer.push_requests(requests.data(), batch) != batch) break;
    if (peer.take_requests(requests.data(), batch) != batch) break;
    for (std::uint32_t i = 0; i < batch; ++i) {
      sums.grefs += requests[i].gref;
      responses[i] = {requests[i].id, 0};
    }
    peer.push_responses(responses.data(), batch);
    if (peer.take_responses(responses.data(), batch) != batch) break;
    for (std::uint32_t i = 0; i < batch; ++i) sums.ids += responses[i].id;
  }
  return sums;
}

// Two cores. `in_flight` 1 and `batch` 1 make it a round trip.
template <class Peer>
[[nodiscard]] Sample run_pairs(std::uint64_t pairs, std::uint32_t batch, std::uint32_t in_flight, bool& correct) {
  const auto peer = std::make_unique<Peer>();
  Sums sums;
  const Sample sample = run_two([&] { sums.ids = drive(*peer, pairs, batch, in_flight); },
                                [&] { sums.grefs = answer(*peer, pairs, batch); });
  correct = correct && sums.are_of(pairs);
  return sample;
}

// One core. `pairs` is a multiple of `batch`.
template <class Peer>
[[nodiscard]] Sample run_solo(std::uint64_t pairs, std::uint32_t batch, bool& correct) {
  const auto peer = std::make_unique<Peer>();
  Sums sums;
  const Sample sample = run_one([&] { sums = play_both(*peer, pairs, batch); });
  correct = correct && sums.are_of(pairs);
  return sample;
}

}  // namespace ringback::bench
