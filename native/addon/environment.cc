#include "addon/environment.h"

#include "addon/build_identity.h"
#include "addon/guard.h"
#include "addon/js.h"
#include "base/error.h"
#include "runtime/cores.h"
#include "runtime/own_thread.h"

namespace slimnet {
namespace {

// The reason of a rejection, whatever goes wrong while it is made. Null in an environment that is ending.
napi_value ErrorValue(napi_env env, const Error& error) noexcept {
  try {
    return MakeError(env, error);
  } catch (...) {
    // The factory threw: what it threw is the reason.
    napi_value thrown = nullptr;
    napi_get_and_clear_last_exception(env, &thrown);
    return thrown;
  }
}

}  // namespace

Environment::Environment(napi_env env)
    : env_(env),
      completion_(Completion::Create(
          env, [this](napi_env environment, std::unique_ptr<Task> task) { Settle(environment, std::move(task)); })),
      large_copy_(AvailableCores()) {}

Environment& Environment::Create(napi_env env) {
  std::unique_ptr<Environment> made(new Environment(env));
  Environment& environment = *made;
  const napi_finalize finalize = [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); };
  js::Check(env, napi_set_instance_data(env, made.get(), finalize, nullptr));
  made.release();
  // Hooks run in the reverse order of their registration: this one before Node takes the thread-safe function of the
  // completion down, so that no executor thread calls it afterwards. Nothing of it is asynchronous: Deno frees an
  // asynchronous hook twice that is removed while it runs.
  const auto hook = [](void* data) { static_cast<Environment*>(data)->Shutdown(); };
  js::Check(env, napi_add_env_cleanup_hook(env, hook, &environment));
  return environment;
}

Environment& Environment::Of(napi_env env) {
  void* data = nullptr;
  js::Check(env, napi_get_instance_data(env, &data));
  if (data == nullptr) throw Error(ErrorCode::kInternal, "The environment has no data.");
  return *static_cast<Environment*>(data);
}

Environment::~Environment() { Shutdown(); }

void Environment::Shutdown() {
  ending_ = true;
  completion_->Close();
  for (const auto& [key, executor] : executors_) executor->Shutdown();
  if (workers_) workers_->Shutdown();
  large_copy_.Stop();
  for (const auto& [place, cache] : packed_caches_) cache->Finish();
}

void Environment::SetErrorFactory(napi_value factory) {
  napi_ref reference = nullptr;
  js::Check(env_, napi_create_reference(env_, factory, 1, &reference));
  if (error_factory_ != nullptr) napi_delete_reference(env_, error_factory_);
  error_factory_ = reference;
}

napi_value Environment::error_factory() const {
  napi_value factory = nullptr;
  if (error_factory_ != nullptr) js::Check(env_, napi_get_reference_value(env_, error_factory_, &factory));
  return factory;
}

std::shared_ptr<Executor> Environment::ExecutorFor(const std::string& backend, int threads,
                                                   const std::optional<GpuOptions>& gpu) {
  if (ending_) throw Error(ErrorCode::kDisposed, "The environment is ending: nothing can be run any more.");
  const int count = threads > 0 ? threads : AvailableCores();
  std::shared_ptr<Executor>& executor = executors_[{backend, count, gpu}];
  if (!executor) {
    ShortenTimeSlicesOfOthers();
    try {
      executor = std::make_shared<Executor>(
          backend, count, [completion = completion_](std::unique_ptr<Job> job) { completion->Push(std::move(job)); },
          gpu);
    } catch (...) {
      executors_.erase({backend, count, gpu});
      throw;
    }
  }
  return executor;
}

std::shared_ptr<PackedCache> Environment::PackedCacheIn(const std::string& folder, uint64_t limit) {
  std::shared_ptr<PackedCache>& cache = packed_caches_[{folder, limit}];
  if (!cache) cache = std::make_shared<PackedCache>(folder, limit, BuildIdentity());
  return cache;
}

std::shared_ptr<SharedBlocks> Environment::SharedBlocksIn(const std::string& folder) {
  std::shared_ptr<SharedBlocks>& shared = shared_blocks_[folder];
  if (!shared) shared = std::make_shared<SharedBlocks>(folder);
  return shared;
}

napi_value Environment::Start(Executor& executor, std::unique_ptr<AsyncJob> job, size_t queue_limit) {
  Settlement& settlement = *job;
  return Begin(settlement, [&] { executor.Submit(std::move(job), queue_limit); });
}

napi_value Environment::Start(std::unique_ptr<AsyncWork> work) {
  Settlement& settlement = *work;
  return Begin(settlement, [&] {
    std::unique_ptr<Work> submitted = std::move(work);
    try {
      Workers().Submit(std::move(submitted));
    } catch (...) {
      settlement.Release(env_);
      throw;
    }
  });
}

WorkerPool& Environment::Workers() {
  if (ending_) throw Error(ErrorCode::kDisposed, "The environment is ending: nothing can be run any more.");
  if (!workers_) {
    ShortenTimeSlicesOfOthers();
    workers_ = std::make_unique<WorkerPool>(AvailableCores(), [completion = completion_](std::unique_ptr<Work> done) {
      completion->Push(std::move(done));
    });
  }
  return *workers_;
}

napi_value Environment::Begin(Settlement& settlement, const std::function<void()>& submit) {
  napi_value promise = nullptr;
  napi_deferred deferred = nullptr;
  js::Check(env_, napi_create_promise(env_, &deferred, &promise));
  settlement.deferred_ = deferred;
  try {
    submit();
  } catch (const Error& error) {
    Reject(env_, deferred, error);
    return promise;
  }
  if (++pending_ == 1) completion_->KeepAlive(env_, true);
  return promise;
}

void Environment::Settle(napi_env env, std::unique_ptr<Task> task) noexcept {
  const js::Scope scope(env);
  auto& settlement = dynamic_cast<Settlement&>(*task);
  if (--pending_ == 0) completion_->KeepAlive(env, false);
  settlement.Release(env);
  if (task->failure()) return Reject(env, settlement.deferred_, *task->failure());
  try {
    napi_resolve_deferred(env, settlement.deferred_, settlement.Result(env));
  } catch (const Error& error) {
    Reject(env, settlement.deferred_, error);
  } catch (const std::bad_alloc&) {
    Reject(env, settlement.deferred_, Error(ErrorCode::kMemory, "Out of memory."));
  } catch (...) {
    napi_value thrown = nullptr;  // from JavaScript, or nothing at all in an environment that is ending
    napi_get_and_clear_last_exception(env, &thrown);
    if (thrown != nullptr) napi_reject_deferred(env, settlement.deferred_, thrown);
  }
}

void Environment::Reject(napi_env env, napi_deferred deferred, const Error& error) noexcept {
  const napi_value reason = ErrorValue(env, error);
  if (reason != nullptr) napi_reject_deferred(env, deferred, reason);
}

}  // namespace slimnet
