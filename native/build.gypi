{
  "variables": {
    "core_sources": [
      "native/event/event_channel.cc",
      "native/memory/grant_copy.cc",
      "native/memory/grant_table.cc",
      "native/memory/page_arena.cc",
      "native/net/bond/bond.cc",
      "native/net/bridge.cc",
      "native/net/packet_header.cc",
      "native/net/pcap_writer.cc",
      "native/shaping/reserve_shaper.cc",
      "native/sim/back_end_cpu.cc",
      "native/sim/captures.cc",
      "native/sim/constant_source.cc",
      "native/sim/exponential.cc",
      "native/sim/flow_sizes.cc",
      "native/sim/flows_source.cc",
      "native/sim/made_up_frames.cc",
      "native/sim/network.cc",
      "native/sim/on_off_source.cc",
      "native/sim/poisson_source.cc",
      "native/sim/queue_path.cc",
      "native/sim/replay_source.cc",
      "native/sim/vif_counters.cc",
      "native/sim/vif_path.cc",
      "native/sim/world.cc",
      "native/sim/world_back_ends.cc",
      "native/sim/world_shapers.cc",
      "native/vif/back_end.cc",
      "native/vif/ctrl_back.cc",
      "native/vif/ctrl_front.cc",
      "native/vif/front_end.cc",
      "native/vif/hash_config.cc",
      "native/vif/rx_back.cc",
      "native/vif/rx_front.cc",
      "native/vif/rx_packet.cc",
      "native/vif/toeplitz.cc",
      "native/vif/tx_back.cc",
      "native/vif/tx_front.cc",
      "native/vif/tx_packet.cc"
    ],
    "addon_sources": [
      "native/addon/arguments.cc",
      "native/addon/environment.cc",
      "native/addon/fields.cc",
      "native/addon/machine_events.cc",
      "native/addon/machine_wrap.cc",
      "native/addon/module.cc",
      "native/addon/ring_back.cc",
      "native/addon/ring_front.cc",
      "native/addon/ring_memory.cc",
      "native/addon/source_options.cc",
      "native/addon/world.cc",
      "native/addon/world_options.cc"
    ],
    "common_defines": [
      "NAPI_VERSION=9",
      "NODE_ADDON_API_DISABLE_DEPRECATED",
      "NODE_ADDON_API_CPP_EXCEPTIONS",
      "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
    ],
    "common_cxx_flags": [
      "-std=c++20",
      "-fexceptions",
      "-fvisibility=hidden",
      "-fvisibility-inlines-hidden",
      "-pthread"
    ],
    "warning_flags": [
      "-Wall",
      "-Wextra",
      "-Wshadow",
      "-Wconversion",
      "-Wnon-virtual-dtor",
      "-Wold-style-cast"
    ],
    "release_flags": [
      "-O3",
      "-DNDEBUG",
      "-fno-plt"
    ],
    "common_link_flags": [
      "-pthread",
      "-Wl,-z,nodelete"
    ]
  }
}
