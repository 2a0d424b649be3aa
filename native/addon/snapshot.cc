#include "addon/snapshot.h"

#include <array>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "addon/environment.h"
#include "addon/guard.h"
#include "addon/handle.h"
#include "addon/tensors.h"
#include "ir/limits.h"
#include "runtime/allocate.h"

namespace slimnet {
namespace {

// Copies of more bytes than this are made on another thread: they would keep the event loop for too long.
constexpr size_t kMostAtOnce = size_t{256} << 10;

// A copy of one variable's values, on a thread of libuv's, and the promise of it.
class Copy {
 public:
  Copy(std::shared_ptr<Snapshot> snapshot, size_t index)
      : snapshot_(std::move(snapshot)), index_(index), block_(ByteSize(snapshot_->type(index))) {}

  static napi_value Start(napi_env env, std::unique_ptr<Copy> copy) {
    napi_value promise = nullptr;
    napi_value name = js::String(env, "slimnet.read");
    js::Check(env, napi_create_promise(env, &copy->deferred_, &promise));
    const napi_async_execute_callback execute = [](napi_env, void* data) { static_cast<Copy*>(data)->Execute(); };
    const napi_async_complete_callback complete = [](napi_env environment, napi_status, void* data) {
      const std::unique_ptr<Copy> done(static_cast<Copy*>(data));
      done->Settle(environment);
    };
    js::Check(env, napi_create_async_work(env, nullptr, name, execute, complete, copy.get(), &copy->work_));
    if (const napi_status status = napi_queue_async_work(env, copy->work_); status != napi_ok) {
      napi_delete_async_work(env, copy->work_);
      js::Check(env, status);
    }
    copy.release();
    return promise;
  }

 private:
  void Execute() noexcept {
    try {
      snapshot_->Read(index_, block_.span());
    } catch (const Error& error) {
      failure_ = error;
    } catch (...) {
      failure_.emplace(ErrorCode::kInternal, "Unexpected exception.");
    }
  }

  void Settle(napi_env env) noexcept {
    const js::Scope scope(env);
    napi_delete_async_work(env, work_);
    try {
      if (failure_) throw Error(*failure_);
      napi_resolve_deferred(env, deferred_, MakeTypedArray(env, snapshot_->type(index_).dtype, std::move(block_)));
    } catch (const Error& error) {
      Environment::Of(env).Reject(env, deferred_, error);
    } catch (const std::bad_alloc&) {
      Environment::Of(env).Reject(env, deferred_, Error(ErrorCode::kMemory, "Out of memory."));
    } catch (...) {
      // In an environment that is ending nobody waits for it.
    }
  }

  const std::shared_ptr<Snapshot> snapshot_;
  const size_t index_;
  HostBlock block_;
  std::optional<Error> failure_;
  napi_deferred deferred_ = nullptr;
  napi_async_work work_ = nullptr;
};

// Promises a copy of the values of the variable with this number among the names.
napi_value ReadHeld(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const int64_t index = js::ReadInteger(env, arguments[0], "index", 0, limits::kNodes);
  const auto& snapshot = FromHandle<SnapshotHandle>(env, arguments.self(), "a snapshot").snapshot;
  if (!snapshot) throw Error(ErrorCode::kDisposed, "The snapshot was disposed.");
  const auto i = static_cast<size_t>(index);
  if (i >= snapshot->size()) throw Error(ErrorCode::kArgument, "index: the snapshot has no such variable.");
  const size_t bytes = ByteSize(snapshot->type(i));
  if (bytes > kMostAtOnce) return Copy::Start(env, std::make_unique<Copy>(snapshot, i));
  HostBlock block(bytes);
  snapshot->Read(i, block.span());
  return MakeTypedArray(env, snapshot->type(i).dtype, std::move(block));
}

napi_value Dispose(const js::Arguments& arguments) {
  FromHandle<SnapshotHandle>(arguments.env(), arguments.self(), "a snapshot").snapshot.reset();
  return js::Undefined(arguments.env());
}

}  // namespace

napi_value DefineSnapshotClass(napi_env env) {
  static constexpr std::array<Method, 2> kMethods{{{"read", Entry<ReadHeld>}, {"dispose", Entry<Dispose>}}};
  return DefineHandleClass(env, "NativeSnapshot", kMethods);
}

napi_value TakeSnapshot(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  auto names = js::ReadList(env, arguments[1], "names", limits::kNodes,
                            [&](napi_value name) { return js::ReadString(env, name, "name", limits::kNameBytes); });
  auto handle = std::make_unique<SnapshotHandle>();
  handle->snapshot = std::make_shared<Snapshot>(StoreOf(env, arguments[0])->store(), names);
  return NewHandle(env, Environment::Of(env).snapshot_class, std::move(handle));
}

}  // namespace slimnet
