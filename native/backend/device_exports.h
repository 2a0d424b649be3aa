// The far side of device_library.h: what a library hands out for the backends that it makes.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "backend/backend.h"
#include "backend/device_library.h"
#include "ir/node_text.h"

namespace slimnet {

// What a library has.
struct DeviceSource {
  // Throws Error{kBackend} where none can be used.
  int (*count)() = nullptr;
  std::unique_ptr<Backend> (*make)(int index, const GpuOptions& options) = nullptr;
  LayoutPtr (*layout_named)(const std::string& name) = nullptr;
};

// The table for one source, whose functions are part of its type: a library keeps no state.
template <const DeviceSource& kSource>
const slimnet_device_library& DeviceLibrary();

namespace device_exports {

// Of all tables, whatever their source. The handles are these:
struct Opened {
  std::unique_ptr<Backend> backend;
  LayoutNamed layout_named;
  std::string features;
};

int32_t Count(const DeviceSource& source, slimnet_error* error);
slimnet_backend* Open(const DeviceSource& source, int32_t index, const slimnet_device_options& options,
                      slimnet_error* error);
// All that needs no source.
slimnet_device_library Table();

}  // namespace device_exports

template <const DeviceSource& kSource>
const slimnet_device_library& DeviceLibrary() {
  static const slimnet_device_library table = [] {
    slimnet_device_library made = device_exports::Table();
    made.device_count = [](slimnet_error* error) { return device_exports::Count(kSource, error); };
    made.open = [](int32_t index, const slimnet_device_options* options, slimnet_error* error) {
      return device_exports::Open(kSource, index, *options, error);
    };
    return made;
  }();
  return table;
}

}  // namespace slimnet
