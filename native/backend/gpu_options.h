// What a session asks of a GPU besides a precision. Devices of other kinds have no such options.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>

namespace slimnet {

struct GpuOptions {
  // float32 products of inputs that are cut to ten bits of fraction. None: no, but of test devices that say otherwise.
  std::optional<bool> allow_tf32 = {};
  // The same bits each time. None: wherever there is an implementation that gives them.
  std::optional<bool> deterministic = {};
  // Chooses implementations by running them, for so many seconds a step at most. None: does not.
  std::optional<double> autotune_seconds = {};
  // Working memory of one implementation, at most. None: what the backend thinks right.
  std::optional<size_t> workspace_bytes = {};
  // Memory of the device, of all that has these options together, at most. None: all there is.
  std::optional<size_t> memory_bytes = {};
  // Steps are recorded and queued as a whole.
  bool graphs = true;

  auto operator<=>(const GpuOptions&) const = default;
};

}  // namespace slimnet
