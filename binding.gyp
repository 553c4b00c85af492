{
  "includes": ["native/build.gypi"],
  "targets": [
    {
      "target_name": "ringback",
      "sources": ["<@(core_sources)", "<@(addon_sources)"],
      "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["<@(common_defines)"],
      "cflags!": ["-O2", "-O3", "-fno-omit-frame-pointer"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-exceptions", "-fno-rtti"],
      "cflags_cc": ["<@(common_cxx_flags)", "<@(release_flags)"],
      "ldflags": ["<@(common_link_flags)"]
    }
  ]
}
