// Memory of the addon's own that JavaScript holds as array buffers: large results, and what it asked for. Known by its
// address, so that a run can read from there while JavaScript may drop it.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "runtime/host_block.h"

namespace slimnet {

// Whether V8 is told of memory, and collects garbage the more often the more there is of it. `kNo` is for what is given
// back by `release` as soon as it has served its purpose, and is bounded by other means.
enum class Counted : uint8_t { kYes, kNo };

// Of one environment, on its JavaScript thread.
class OwnMemory {
 public:
  // An array buffer around the block; null where the runtime allows no foreign memory (the block is left as it was).
  napi_value HandOut(napi_env env, HostBlock& block, Counted counted);

  // The block that begins at `buffer`, null when that is no memory of the addon's own. It lives as long as somebody
  // holds it, whatever becomes of the array buffer.
  std::shared_ptr<const HostBlock> Find(const void* buffer) const;

  // Tells V8 of memory of which it was not told: right before it hears that the memory is gone, so that its counts
  // never show less than there is. (It would take what comes after a dip for growth, and collect.)
  void Recount(napi_env env, const void* buffer);

 private:
  struct Held {
    std::shared_ptr<const HostBlock> block;
    int64_t uncounted = 0;  // bytes
  };
  using Blocks = std::unordered_map<const void*, Held>;
  struct Entry {
    std::shared_ptr<Blocks> blocks;
    const void* buffer;
  };

  // Array buffers may outlive the environment.
  std::shared_ptr<Blocks> blocks_ = std::make_shared<Blocks>();
};

}  // namespace slimnet
