// One end of an aggregation: its ports, the aggregators that they are in, and which of them carry.
#pragma once
#include <cstdint>
#include <vector>

#include "net/bond/bond_config.h"
#include "net/bond/lacp_port.h"

namespace ringback {

// The host, as Linux is, where one aggregator carries at a time; or all switches at the other end, where each does.
//
// There are as many aggregators as ports, numbered from 0. A port that is not selected joins the aggregator of its own
// and its partner's key and system, or takes the first free one. Two seconds later its mux attaches it; it carries when
// its aggregator does and the partner is in synchronization.
//
// Who carries on the host: an aggregator with a partner rather than one without; then, by ad_select, the one with more
// ports, or with more bandwidth. Without a partner it is a single port, which is enabled without LACP.
//
// Source: Linux bond_3ad.c ad_port_selection_logic, ad_agg_selection_logic, ad_agg_selection_test, ad_mux_machine,
//         bond_3ad_state_machine_handler, bond_3ad_handle_link_change
class LacpSystem {
 public:
  struct Options {
    bool is_host = true;
    AdSelect select = AdSelect::kStable;
  };
  struct Aggregator {
    bool is_active = false;
    std::uint32_t ports = 0;  // by bit
    LacpParams actor;         // of its ports: system and key
    LacpParams partner;

    [[nodiscard]] bool has_partner() const noexcept { return partner.system != 0; }
  };

  // Requires: at most 32 ports.
  LacpSystem(const Options& options, std::vector<LacpPort> ports);

  [[nodiscard]] const LacpPort& port(std::uint32_t index) const noexcept { return ports_[index].lacp; }
  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(ports_.size()); }
  // Whether the port carries frames of the host: as the mux has it, or because it is alone.
  [[nodiscard]] bool is_sending(std::uint32_t index) const noexcept { return ports_[index].is_sending; }
  [[nodiscard]] bool is_listening(std::uint32_t index) const noexcept { return ports_[index].is_listening; }
  // Ports in the active aggregator whose link is up, by bit. Requires: the host.
  [[nodiscard]] std::uint32_t active_ports() const noexcept;
  [[nodiscard]] bool has_active() const noexcept { return active() != kNone; }

  // ---- what comes from outside

  void set_carrier(std::uint32_t index, bool has_carrier) noexcept { ports_[index].has_carrier = has_carrier; }
  // This end takes the link to be up, at this speed, or down.
  void set_link(std::uint32_t index, bool is_up, std::uint64_t mbps) noexcept;
  void set_speed(std::uint32_t index, std::uint64_t mbps) noexcept;
  void receive(std::uint32_t index, const LacpPdu& pdu) noexcept { ports_[index].lacp.receive(&pdu); }

  // Each 100 ms. Calls send(port, pdu) for each LACPDU.
  template <class Send>
  void tick(Send&& send) {
    for (std::uint32_t i = 0; i < size(); ++i) {
      LacpPort& lacp = ports_[i].lacp;
      lacp.receive(nullptr);
      lacp.tick_periodic();
      select_port(i);
      tick_mux(i);
      if (const auto pdu = lacp.transmit()) send(i, *pdu);
      lacp.begins = false;
    }
  }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  struct Port {
    LacpPort lacp;
    bool has_carrier = false;
    bool is_sending = false;
    bool is_listening = false;
  };

  [[nodiscard]] Aggregator* aggregator_of(const LacpPort& port) noexcept {
    return port.aggregator == 0 ? nullptr : &aggregators_[port.aggregator - 1];
  }
  [[nodiscard]] std::uint32_t active() const noexcept;

  // lacp_selection.cc
  void select_port(std::uint32_t index) noexcept;
  void leave(std::uint32_t index) noexcept;
  void join(std::uint32_t index, std::uint32_t aggregator) noexcept;
  [[nodiscard]] std::uint32_t find_aggregator(const LacpPort& port) const noexcept;
  void select_aggregator() noexcept;
  [[nodiscard]] std::uint32_t better(std::uint32_t best, std::uint32_t other) const noexcept;
  [[nodiscard]] std::uint32_t enabled_ports(const Aggregator& aggregator) const noexcept;
  [[nodiscard]] std::uint64_t bandwidth(const Aggregator& aggregator) const noexcept;
  [[nodiscard]] bool is_up(const Aggregator& aggregator) const noexcept;

  // lacp_mux.cc
  void tick_mux(std::uint32_t index) noexcept;
  [[nodiscard]] LacpMux next_mux_state(LacpPort& port) noexcept;
  [[nodiscard]] bool is_ready(const Aggregator& aggregator) const noexcept;
  void enter_mux(std::uint32_t index) noexcept;
  void enable(Port& port) noexcept;
  void disable(Port& port) noexcept;

  Options options_;
  std::vector<Port> ports_;
  std::vector<Aggregator> aggregators_;
};

}  // namespace ringback
