// A vif that means well, on the driver domain that a hostile one uses too: its frames come through whatever that does.
#pragma once
#include <cstdint>
#include <memory>

#include "fuzz/machine.h"
#include "vif/back_end.h"
#include "vif/front_end.h"

namespace ringback::fuzz {

class HonestVif final : private FrameSink, private RxSink, private RxConsumer {
 public:
  // Requires: `machine` outlives this.
  HonestVif(Machine& machine, Outcomes& outcomes);

  // Sends a frame and receives one, of so many bytes, and looks at each byte.
  void exchange(TimeNs now, std::uint32_t sent_bytes, std::uint32_t received_bytes);

 private:
  void send(TimeNs now);
  void receive(TimeNs now);
  [[nodiscard]] const std::byte* expected_bytes() const noexcept;

  void transmit(TimeNs now, std::span<const Frame> frames) override;
  void dropped(TimeNs now, const Frame& frame) override;
  void placed(TimeNs now, const Frame& frame) override;
  void lost(TimeNs now, const Frame& frame, RxDrop cause) override;
  void received(const RxFrame& frame) override;

  Machine& machine_;
  Outcomes& outcomes_;
  std::shared_ptr<Domain> guest_;
  std::unique_ptr<FrontEnd> front_;
  BackEnd back_;
  std::uint32_t number_ = 0;      // of the frame under way
  std::uint32_t size_bytes_ = 0;  // its size
  bool arrived_ = false;          // it came out at the other end
};

}  // namespace ringback::fuzz
