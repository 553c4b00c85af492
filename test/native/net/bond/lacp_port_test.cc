#include "net/bond/lacp_port.h"

#include <doctest/doctest.h>

#include <vector>

#include "net/bond/lacp_system.h"

using namespace ringback;

namespace {

constexpr std::uint64_t kHost = 0x1111;
constexpr std::uint64_t kSwitch = 0x2222;

LacpPort enabled_port(LacpRate rate = LacpRate::kSlow, bool is_active = true) {
  LacpPort port(kHost, 1, rate, is_active);
  port.is_enabled = true;
  port.set_speed(true, 1000);
  return port;
}

// Returns what it sends in this tick.
std::optional<LacpPdu> tick(LacpPort& port) {
  port.receive(nullptr);
  port.tick_periodic();
  port.begins = false;
  return port.transmit();
}

// What a partner in synchronization sends, that knows the port as it is.
LacpPdu answer(const LacpPort& port,
               std::uint8_t state = lacp_state::kActivity | lacp_state::kAggregation | lacp_state::kSynchronization) {
  return {.actor = {.system = kSwitch, .key = 7, .port = 3, .state = state}, .partner = port.actor};
}

// Ticks until it leaves the state.
std::uint32_t ticks_in(LacpPort& port, LacpReceive state) {
  for (std::uint32_t i = 0; i < 2000; ++i) {
    if (port.receive_state != state) return i;
    tick(port);
  }
  return ~0u;
}

}  // namespace

TEST_CASE("lacp: a port that hears nothing expires its partner for 3 s and then knows nobody") {
  LacpPort port = enabled_port();
  tick(port);
  CHECK(port.receive_state == LacpReceive::kPortDisabled);
  tick(port);
  CHECK(port.receive_state == LacpReceive::kExpired);
  CHECK(port.actor.has(lacp_state::kExpired));
  CHECK(ticks_in(port, LacpReceive::kExpired) == 30);
  CHECK(port.receive_state == LacpReceive::kDefaulted);
  CHECK_FALSE(port.actor.has(lacp_state::kExpired));
  CHECK(port.actor.has(lacp_state::kDefaulted));
  CHECK(port.partner.system == 0);
}

TEST_CASE("lacp: a partner that falls silent is given up after 90 s, or 3 s with the fast rate, and 3 s more") {
  for (const LacpRate rate : {LacpRate::kSlow, LacpRate::kFast}) {
    LacpPort port = enabled_port(rate);
    for (int i = 0; i < 5; ++i) tick(port);
    const LacpPdu pdu = answer(port);
    port.receive(&pdu);
    port.is_selected = true;
    CHECK(port.receive_state == LacpReceive::kCurrent);
    CHECK(port.partner.system == kSwitch);
    CHECK(port.partner.has(lacp_state::kSynchronization));
    CHECK_FALSE(port.actor.has(lacp_state::kDefaulted));
    CHECK(ticks_in(port, LacpReceive::kCurrent) == (rate == LacpRate::kFast ? 30 : 900));
    CHECK(port.receive_state == LacpReceive::kExpired);
    CHECK_FALSE(port.partner.has(lacp_state::kSynchronization));
    CHECK(port.partner.has(lacp_state::kTimeout));  // it is to answer soon
    CHECK(ticks_in(port, LacpReceive::kExpired) == 30);
    CHECK(port.receive_state == LacpReceive::kDefaulted);
    CHECK_FALSE(port.is_selected);
  }
}

TEST_CASE("lacp: sends each second or each 30 s, as the partner wants it") {
  for (const bool is_fast : {true, false}) {
    LacpPort port = enabled_port();
    for (int i = 0; i < 40; ++i) tick(port);
    std::vector<int> sent;
    for (int i = 0; i < 700; ++i) {
      LacpPdu pdu = answer(port);
      pdu.actor.set(lacp_state::kTimeout, is_fast);
      port.receive(&pdu);
      if (tick(port)) sent.push_back(i);
    }
    REQUIRE(sent.size() >= 2);
    const int interval = is_fast ? 10 : 300;
    for (std::size_t i = 2; i < sent.size(); ++i) CHECK(sent[i] - sent[i - 1] == interval);
    CHECK(sent.size() >= 700u / static_cast<unsigned>(interval));
  }
}

TEST_CASE("lacp: who is passive sends when it is spoken to, and two of them never") {
  LacpPort port = enabled_port(LacpRate::kSlow, false);
  for (int i = 0; i < 100; ++i) {
    port.must_send = true;
    CHECK_FALSE(tick(port));
  }
  LacpPdu pdu = answer(port, lacp_state::kAggregation);
  port.receive(&pdu);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(tick(port));
  pdu.actor.set(lacp_state::kActivity | lacp_state::kTimeout, true);
  int sent = 0;
  for (int i = 0; i < 100; ++i) {
    port.receive(&pdu);
    if (tick(port)) ++sent;
  }
  CHECK(sent >= 9);
}

TEST_CASE("lacp: at most one LACPDU each 300 ms, however often there is something to say") {
  LacpPort port = enabled_port();
  for (int i = 0; i < 40; ++i) tick(port);
  int sent = 0;
  for (int i = 0; i < 30; ++i) {
    port.must_send = true;
    if (tick(port)) ++sent;
  }
  CHECK(sent == 10);
}

TEST_CASE("lacp: a partner that knows the port as another one is answered, and is not in synchronization") {
  LacpPort port = enabled_port();
  for (int i = 0; i < 40; ++i) tick(port);
  LacpPdu pdu = answer(port);
  port.receive(&pdu);
  CHECK_FALSE(port.must_send);
  port.is_selected = true;
  pdu.partner.key = 99;
  port.receive(&pdu);
  CHECK(port.must_send);
  CHECK_FALSE(port.partner.has(lacp_state::kSynchronization));
  CHECK(port.is_selected);
  // Another partner: the port is selected anew.
  pdu = answer(port);
  pdu.actor.key = 8;
  port.receive(&pdu);
  CHECK_FALSE(port.is_selected);
}

TEST_CASE("lacp: a port without a link hears and says nothing; another speed begins again") {
  LacpPort port = enabled_port();
  for (int i = 0; i < 40; ++i) tick(port);
  LacpPdu pdu = answer(port);
  port.receive(&pdu);
  port.is_enabled = false;
  port.set_speed(false, 1000);
  port.receive(&pdu);
  CHECK(port.receive_state == LacpReceive::kPortDisabled);
  for (int i = 0; i < 50; ++i) CHECK_FALSE(tick(port));
  CHECK_FALSE(port.begins);
  port.is_enabled = true;
  port.set_speed(true, 1000);
  CHECK(port.begins);
  tick(port);
  CHECK(port.partner.system == 0);
  port.set_speed(true, 1000);
  CHECK_FALSE(port.begins);
}

TEST_CASE("lacp: two ends agree within 2 s of waiting and some ticks, from nothing") {
  LacpSystem host({.is_host = true},
                  {LacpPort(kHost, 1, LacpRate::kSlow, true), LacpPort(kHost, 2, LacpRate::kSlow, true)});
  LacpSystem other({.is_host = false},
                   {LacpPort(kSwitch, 1, LacpRate::kSlow, true), LacpPort(kSwitch, 2, LacpRate::kSlow, true)});
  for (LacpSystem* system : {&host, &other}) {
    for (std::uint32_t i = 0; i < 2; ++i) {
      system->set_carrier(i, true);
      system->set_link(i, true, 1000);
    }
  }
  std::uint32_t agreed_at = 0;
  for (std::uint32_t at = 0; at < 100; ++at) {
    std::vector<std::pair<std::uint32_t, LacpPdu>> to_other;
    std::vector<std::pair<std::uint32_t, LacpPdu>> to_host;
    host.tick([&](std::uint32_t i, const LacpPdu& pdu) { to_other.emplace_back(i, pdu); });
    other.tick([&](std::uint32_t i, const LacpPdu& pdu) { to_host.emplace_back(i, pdu); });
    for (const auto& [i, pdu] : to_other) other.receive(i, pdu);
    for (const auto& [i, pdu] : to_host) host.receive(i, pdu);
    const auto carries = [](LacpSystem& system, std::uint32_t i) {
      return system.port(i).mux == LacpMux::kCollectingDistributing && system.is_sending(i);
    };
    if (agreed_at == 0 && carries(host, 0) && carries(host, 1) && carries(other, 0) && carries(other, 1))
      agreed_at = at;
    // Before that one NIC carries by itself.
    if (at == 5) CHECK((host.is_sending(0) || host.is_sending(1)));
  }
  CHECK(agreed_at >= 20);
  CHECK(agreed_at <= 40);
  CHECK(host.active_ports() == 3);
  CHECK(host.port(0).aggregator == host.port(1).aggregator);
}
