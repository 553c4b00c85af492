{
  "variables": {
    "core_sources": [
    ],
    "addon_sources": [
      "native/addon/arguments.cc",
      "native/addon/environment.cc",
      "native/addon/module.cc"
    ],
    "common_defines": [
      "NAPI_VERSION=9",
      "NODE_ADDON_API_DISABLE_DEPRECATED",
      "NODE_ADDON_API_CPP_EXCEPTIONS"
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
