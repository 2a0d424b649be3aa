// Everything that the addon keeps for one JavaScript environment (the main thread, or one worker). There is nothing
// static: environments, and copies of the addon, do not know of each other.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "addon/completion.h"
#include "addon/own_memory.h"
#include "runtime/executor.h"
#include "runtime/large_copy.h"
#include "runtime/packed_cache.h"
#include "runtime/shared_blocks.h"
#include "runtime/worker_pool.h"

namespace slimnet {

// What a task has whose end settles a promise.
class Settlement {
 public:
  virtual ~Settlement() = default;
  // On the JavaScript thread, when the task did not fail: what the promise is resolved with.
  virtual napi_value Result(napi_env env) = 0;
  // On the JavaScript thread, once the task has ended in whatever way: drops references to JavaScript values.
  virtual void Release(napi_env) noexcept {}

 private:
  friend class Environment;
  napi_deferred deferred_ = nullptr;
};

class AsyncJob : public Job, public Settlement {
 public:
  using Job::Job;
};

class AsyncWork : public Work, public Settlement {};

class Environment {
 public:
  // Makes the environment's data and the hook that takes it down. Once for each environment.
  static Environment& Create(napi_env env);
  static Environment& Of(napi_env env);

  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  void SetErrorFactory(napi_value factory);
  // Null before SetErrorFactory.
  napi_value error_factory() const;

  // The executor of a backend with so many threads (0: as many as there are cores) and these options. Made when first
  // asked for.
  std::shared_ptr<Executor> ExecutorFor(const std::string& backend, int threads, const std::optional<GpuOptions>& gpu);

  // The cache of packed constants in a folder, with a limit in bytes. Made when first asked for.
  std::shared_ptr<PackedCache> PackedCacheIn(const std::string& folder, uint64_t limit);

  // What is shared with other processes through a folder. Made when first asked for.
  std::shared_ptr<SharedBlocks> SharedBlocksIn(const std::string& folder);

  // No more jobs, no more callbacks, no more threads. What is running ends at its next step.
  void Shutdown();

  // Queues a job and returns its promise. When the queue is full the promise is rejected at once.
  napi_value Start(Executor& executor, std::unique_ptr<AsyncJob> job, size_t queue_limit);
  // The same for what is no program's, on threads that no executor has.
  napi_value Start(std::unique_ptr<AsyncWork> work);

  void Reject(napi_env env, napi_deferred deferred, const Error& error) noexcept;

  // Copies what JavaScript hands over.
  LargeCopy& large_copy() { return large_copy_; }
  OwnMemory& own_memory() { return own_memory_; }

  napi_ref store_class = nullptr;
  napi_ref program_class = nullptr;
  napi_ref snapshot_class = nullptr;
  bool constructing = false;  // true while NewHandleObject is at work

 private:
  explicit Environment(napi_env env);
  WorkerPool& Workers();
  napi_value Begin(Settlement& settlement, const std::function<void()>& submit);
  void Settle(napi_env env, std::unique_ptr<Task> task) noexcept;

  napi_env env_;
  napi_ref error_factory_ = nullptr;
  bool ending_ = false;
  size_t pending_ = 0;  // promises that are not settled yet
  std::shared_ptr<Completion> completion_;
  using ExecutorKey = std::tuple<std::string, int, std::optional<GpuOptions>>;

  std::map<ExecutorKey, std::shared_ptr<Executor>> executors_;
  std::map<std::pair<std::string, uint64_t>, std::shared_ptr<PackedCache>> packed_caches_;
  std::map<std::string, std::shared_ptr<SharedBlocks>> shared_blocks_;
  std::unique_ptr<WorkerPool> workers_;  // made when first asked for
  LargeCopy large_copy_;
  OwnMemory own_memory_;
};

}  // namespace slimnet
