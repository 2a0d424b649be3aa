// The values of variables at one moment, as JavaScript sees them.
#pragma once

#include <node_api.h>

#include <memory>

#include "addon/js.h"
#include "addon/store.h"
#include "runtime/snapshot.h"

namespace slimnet {

struct SnapshotHandle {
  std::shared_ptr<Snapshot> snapshot;  // null after dispose()

  void Finalize(napi_env) { snapshot.reset(); }
};

napi_value DefineSnapshotClass(napi_env env);
napi_value TakeSnapshot(const js::Arguments& arguments);  // addon.snapshot

}  // namespace slimnet
