// The store as JavaScript sees it.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "addon/environment.h"
#include "addon/js.h"
#include "runtime/executor.h"
#include "runtime/store.h"

namespace slimnet {

// How the runs of a store use the executor's threads.
enum class Mode {
  kLatency,     // all on one run
  kThroughput,  // one on each run
  kAuto,        // the former, or the latter where several runs wait
};

// A store with the executor that runs its programs. The handles of the store and of its programs share it.
class SharedStore {
 public:
  // Throws Error{kBackend} when the system gives no threads.
  SharedStore(std::shared_ptr<Executor> executor, std::shared_ptr<PackedCache> cache,
              std::shared_ptr<SharedBlocks> shared, Mode mode, size_t queue_limit);
  ~SharedStore();
  SharedStore(const SharedStore&) = delete;
  SharedStore& operator=(const SharedStore&) = delete;

  const std::shared_ptr<Store>& store() const { return store_; }
  Executor& executor() const { return *executor_; }
  Mode mode() const { return mode_; }
  // What runs ask for, and for which kind of lane programs are compiled at first.
  Parallelism parallelism() const;
  LaneKind lane_kind() const { return parallelism() == Parallelism::kSerial ? LaneKind::kSerial : LaneKind::kParallel; }
  size_t queue_limit() const { return queue_limit_; }
  // Tells the garbage collector how much memory hangs on the handles. On the JavaScript thread.
  void Account(napi_env env);

 private:
  std::shared_ptr<Executor> executor_;
  std::shared_ptr<Store> store_;
  Mode mode_;
  size_t queue_limit_;
  int64_t accounted_ = 0;

  friend void LetGo(napi_env env, std::shared_ptr<SharedStore>& shared);
};

// Drops a handle's share; the last one takes the memory off the account.
void LetGo(napi_env env, std::shared_ptr<SharedStore>& shared);

struct StoreHandle {
  std::shared_ptr<SharedStore> shared;  // null after dispose()

  void Finalize(napi_env env) { LetGo(env, shared); }
};

// The store of a handle. Throws Error{kArgument} for what is no store, Error{kDisposed} for a disposed one.
std::shared_ptr<SharedStore> StoreOf(napi_env env, napi_value handle);

// Queues a StoreJob(store, work) for the store of a handle. A session waits for it before anything else: it is no
// matter of the queue's limit.
template <class StoreJob, class Work>
napi_value StartStoreJob(napi_env env, napi_value handle, Work work) {
  auto shared = StoreOf(env, handle);
  Executor& executor = shared->executor();
  return Environment::Of(env).Start(executor, std::make_unique<StoreJob>(std::move(shared), std::move(work)),
                                    std::numeric_limits<size_t>::max());
}

napi_value DefineStoreClass(napi_env env);
napi_value CreateStore(const js::Arguments& arguments);  // addon.createStore

}  // namespace slimnet
