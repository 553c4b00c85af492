// Who hears of frames that carry a packet of a TCP connection.
#pragma once
#include <cstdint>

#include "base/time.h"
#include "net/nic.h"

namespace ringback {

// Every frame that carries a packet ends once: copies are told of beforehand. A frame that carries none
// (WireFrame::kNoPacket) is nobody's business: callers ask that first, so that it costs next to nothing.
class PacketEnds {
 public:
  // One more frame carries it.
  virtual void copied(std::uint32_t packet) = 0;
  // The back end has taken it off its guest's ring.
  virtual void left_guest(std::uint32_t packet) = 0;
  // A frame, or a segment of one, has left this NIC and is behind the wire at `arrival_ns`. It ends separately.
  virtual void passed_wire(TimeNs arrival_ns, std::uint32_t nic, const WireFrame& frame) = 0;
  // The guest has it in hands. It ends separately.
  virtual void received(TimeNs now, std::uint32_t vif, std::uint32_t packet) = 0;
  // One frame less carries it: it has arrived somewhere, or is lost.
  virtual void ended(std::uint32_t packet) = 0;

 protected:
  ~PacketEnds() = default;
};

// A frame is no more.
template <class FrameOrOffer>
void end_packet(PacketEnds& ends, const FrameOrOffer& frame) {
  if (frame.packet != WireFrame::kNoPacket) [[unlikely]]
    ends.ended(frame.packet);
}

}  // namespace ringback
