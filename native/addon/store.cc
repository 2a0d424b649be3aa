#include "addon/store.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
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

constexpr int64_t kMostThreads = 1024;
constexpr int64_t kMostGpuBytes = int64_t{1} << 50;
constexpr double kMostAutotuneSeconds = 3600;
constexpr int64_t kMostCacheBytes = int64_t{1} << 50;
constexpr int64_t kDefaultQueueLimit = 1024;
constexpr int64_t kLargestQueueLimit = int64_t{1} << 20;

std::string ReadName(const js::Arguments& arguments) {
  return js::ReadString(arguments.env(), arguments[0], "name", limits::kNameBytes);
}

napi_value Declare(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const std::string name = ReadName(arguments);
  const TensorType type{ReadDType(env, arguments[1], "dtype"), ReadShape(env, arguments[2], "shape")};
  StoreOf(env, arguments.self())->store()->Declare(name, type);
  return js::Undefined(env);
}

napi_value Write(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const std::string name = ReadName(arguments);
  const int64_t offset =
      js::IsUndefined(env, arguments[2]) ? 0 : js::ReadInteger(env, arguments[2], "offset", 0, limits::kElements);
  const auto shared = StoreOf(env, arguments.self());
  const DType dtype = shared->store()->TypeOf(name).dtype;
  const ArrayView data = ReadTypedArray(env, arguments[1], "Variable " + name);
  RequireDType(data, dtype, "Variable " + name);
  shared->store()->Write(name, dtype, data.bytes, offset);
  shared->Account(env);
  return js::Undefined(env);
}

napi_value Read(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const std::string name = ReadName(arguments);
  const auto shared = StoreOf(env, arguments.self());
  const TensorType type = shared->store()->TypeOf(name);
  RequireFits(shared->store()->backend(), ByteSize(type));
  HostBlock block(ByteSize(type));
  shared->store()->Read(name, block.span());
  return MakeTypedArray(env, type.dtype, std::move(block));
}

napi_value Variables(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  std::vector<napi_value> list;
  for (const VariableInfo& variable : StoreOf(env, arguments.self())->store()->Variables()) {
    const napi_value object = js::Object(env);
    js::Set(env, object, "name", js::String(env, variable.name));
    js::Set(env, object, "dtype", js::String(env, Name(variable.type.dtype)));
    js::Set(env, object, "shape", js::NumberArray(env, variable.type.shape));
    list.push_back(object);
  }
  return js::Array(env, list);
}

constexpr std::array<std::pair<std::string_view, Mode>, 3> kModes{
    {{"latency", Mode::kLatency}, {"throughput", Mode::kThroughput}, {"auto", Mode::kAuto}}};

std::string Name(Mode mode) { return std::string(kModes[static_cast<size_t>(mode)].first); }

Mode ReadMode(napi_env env, napi_value value) {
  if (js::IsUndefined(env, value)) return Mode::kLatency;
  const std::string text = js::ReadString(env, value, "mode", limits::kNameBytes);
  for (const auto& [name, mode] : kModes) {
    if (text == name) return mode;
  }
  throw Error(ErrorCode::kArgument, "mode: expected latency, throughput or auto, received " + text + ".");
}

// What may compute the store's runs at the same time; with mode auto, either the one or the other.
napi_value Executors(napi_env env, const SharedStore& shared, const StoreStats& stats) {
  std::vector<napi_value> list;
  const auto add = [&](int count, int threads, uint64_t runs) {
    const napi_value object = js::Object(env);
    js::Set(env, object, "count", js::Number(env, count));
    js::Set(env, object, "threads", js::Number(env, threads));
    js::Set(env, object, "runs", js::Number(env, static_cast<double>(runs)));
    list.push_back(object);
  };
  const int threads = shared.executor().threads();
  if (shared.parallelism() != Parallelism::kSerial) add(1, threads, stats.parallel_runs);
  if (shared.parallelism() != Parallelism::kParallel) add(threads, 1, stats.serial_runs);
  return js::Array(env, list);
}

napi_value CacheStats(napi_env env, const PackedCacheStats& stats) {
  const napi_value object = js::Object(env);
  js::Set(env, object, "found", js::Number(env, static_cast<double>(stats.found)));
  js::Set(env, object, "missing", js::Number(env, static_cast<double>(stats.missing)));
  js::Set(env, object, "saved", js::Number(env, static_cast<double>(stats.saved)));
  js::Set(env, object, "problem", js::String(env, stats.problem));
  return object;
}

// Null unless the options name a folder for it.
std::shared_ptr<PackedCache> ReadPackedCache(napi_env env, napi_value options) {
  const napi_value cache = js::Get(env, options, "packedCache", "options");
  if (js::IsUndefined(env, cache)) return nullptr;
  const std::string folder =
      js::ReadString(env, js::Get(env, cache, "folder", "packedCache"), "folder", limits::kNameBytes);
  const int64_t limit = js::ReadInteger(env, js::Get(env, cache, "limit", "packedCache"), "limit", 0, kMostCacheBytes);
  return Environment::Of(env).PackedCacheIn(folder, static_cast<uint64_t>(limit));
}

// Null unless the options name a folder for them.
std::shared_ptr<SharedBlocks> ReadSharedBlocks(napi_env env, napi_value options) {
  const napi_value folder = js::Get(env, options, "sharedWeights", "options");
  if (js::IsUndefined(env, folder)) return nullptr;
  const std::string path = js::ReadString(env, folder, "sharedWeights", limits::kNameBytes);
  if (!path.starts_with('/')) throw Error(ErrorCode::kArgument, "sharedWeights: expected an absolute path.");
  return Environment::Of(env).SharedBlocksIn(path);
}

napi_value SharedStats(napi_env env, const SharedBlocksStats& stats) {
  const napi_value object = js::Object(env);
  js::Set(env, object, "blocks", js::Number(env, static_cast<double>(stats.blocks)));
  js::Set(env, object, "bytes", js::Number(env, static_cast<double>(stats.bytes)));
  js::Set(env, object, "problem", js::String(env, stats.problem));
  return object;
}

// None unless the options have some.
std::optional<GpuOptions> ReadGpuOptions(napi_env env, napi_value options) {
  const napi_value gpu = js::Get(env, options, "gpu", "options");
  if (js::IsUndefined(env, gpu)) return std::nullopt;
  const auto read = [&](const char* name, const auto& take) {
    const napi_value value = js::Get(env, gpu, name, "gpu");
    if (!js::IsUndefined(env, value)) take(value);
  };
  const auto bytes = [&](napi_value value, const char* name) {
    return static_cast<size_t>(js::ReadInteger(env, value, name, 1, kMostGpuBytes));
  };
  GpuOptions read_options;
  read("allowTf32", [&](napi_value v) { read_options.allow_tf32 = js::ReadBoolean(env, v, "allowTf32"); });
  read("deterministic", [&](napi_value v) { read_options.deterministic = js::ReadBoolean(env, v, "deterministic"); });
  read("autotuneSeconds", [&](napi_value v) {
    read_options.autotune_seconds = js::ReadNumber(env, v, "autotuneSeconds", 0, kMostAutotuneSeconds);
  });
  read("workspaceLimit", [&](napi_value v) { read_options.workspace_bytes = bytes(v, "workspaceLimit"); });
  read("memoryLimit", [&](napi_value v) { read_options.memory_bytes = bytes(v, "memoryLimit"); });
  read("graphs", [&](napi_value v) { read_options.graphs = js::ReadBoolean(env, v, "graphs"); });
  return read_options;
}

// None where it is not known, or cannot be had any more.
std::optional<size_t> FreeBytes(const Backend& backend) {
  try {
    return backend.free_bytes();
  } catch (const Error&) {  // of a device that is lost; runs say so
    return std::nullopt;
  }
}

napi_value StatsOfStore(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const auto shared = StoreOf(env, arguments.self());
  shared->Account(env);
  const StoreStats stats = shared->store()->Stats();
  const Executor& executor = shared->executor();
  const napi_value object = js::Object(env);
  js::Set(env, object, "bytes", js::Number(env, static_cast<double>(stats.bytes)));
  js::Set(env, object, "packedBytes", js::Number(env, static_cast<double>(stats.packed_bytes)));
  js::Set(env, object, "spareBytes", js::Number(env, static_cast<double>(stats.spare_bytes)));
  js::Set(env, object, "inputBytes", js::Number(env, static_cast<double>(stats.input_bytes)));
  js::Set(env, object, "variables", js::Number(env, static_cast<double>(stats.variables)));
  js::Set(env, object, "arenaBytes", js::Number(env, static_cast<double>(executor.arena_bytes())));
  if (const std::optional<size_t> free = FreeBytes(shared->store()->backend())) {
    js::Set(env, object, "freeBytes", js::Number(env, static_cast<double>(*free)));
  }
  js::Set(env, object, "waiting", js::Number(env, static_cast<double>(executor.Waiting(shared->store().get()))));
  js::Set(env, object, "threads", js::Number(env, executor.threads()));
  js::Set(env, object, "mode", js::String(env, Name(shared->mode())));
  js::Set(env, object, "executors", Executors(env, *shared, stats));
  if (const PackedCache* const cache = shared->store()->packed_cache()) {
    js::Set(env, object, "packedCache", CacheStats(env, cache->Stats()));
  }
  if (const SharedBlocks* const blocks = shared->store()->shared_blocks()) {
    js::Set(env, object, "sharedWeights", SharedStats(env, blocks->Stats()));
  }
  return object;
}

napi_value DisposeStore(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  LetGo(env, FromHandle<StoreHandle>(env, arguments.self(), "a store").shared);
  return js::Undefined(env);
}

}  // namespace

SharedStore::SharedStore(std::shared_ptr<Executor> executor, std::shared_ptr<PackedCache> cache,
                         std::shared_ptr<SharedBlocks> shared, Mode mode, size_t queue_limit)
    : executor_(std::move(executor)),
      store_(std::make_shared<Store>(executor_->backends()[0], std::move(cache), std::move(shared))),
      mode_(mode),
      queue_limit_(queue_limit) {
  if (mode != Mode::kLatency) executor_->MakeSerialLanes();
  executor_->AddUser();
}

SharedStore::~SharedStore() { executor_->RemoveUser(); }

Parallelism SharedStore::parallelism() const {
  if (executor_->threads() == 1) return Parallelism::kParallel;  // the same thing, on the lane that is there
  switch (mode_) {
    case Mode::kLatency:
      return Parallelism::kParallel;
    case Mode::kThroughput:
      return Parallelism::kSerial;
    case Mode::kAuto:
      return Parallelism::kEither;
  }
  return Parallelism::kParallel;
}

void SharedStore::Account(napi_env env) {
  const StoreStats stats = store_->Stats();
  const auto now = static_cast<int64_t>(stats.bytes + stats.packed_bytes + stats.spare_bytes);
  int64_t total = 0;
  if (now != accounted_ && napi_adjust_external_memory(env, now - accounted_, &total) == napi_ok) accounted_ = now;
}

void LetGo(napi_env env, std::shared_ptr<SharedStore>& shared) {
  if (shared && shared.use_count() == 1) {
    int64_t total = 0;
    napi_adjust_external_memory(env, -shared->accounted_, &total);
  }
  shared.reset();
}

std::shared_ptr<SharedStore> StoreOf(napi_env env, napi_value handle) {
  const auto& shared = FromHandle<StoreHandle>(env, handle, "a store").shared;
  if (!shared) throw Error(ErrorCode::kDisposed, "The store was disposed.");
  return shared;
}

napi_value DefineStoreClass(napi_env env) {
  static constexpr std::array<Method, 6> kMethods{{{"declare", Entry<Declare>},
                                                   {"write", Entry<Write>},
                                                   {"read", Entry<Read>},
                                                   {"variables", Entry<Variables>},
                                                   {"stats", Entry<StatsOfStore>},
                                                   {"dispose", Entry<DisposeStore>}}};
  return DefineHandleClass(env, "NativeStore", kMethods);
}

napi_value CreateStore(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const napi_value options = arguments[0];
  const std::string backend =
      js::ReadString(env, js::Get(env, options, "backend", "options"), "backend", limits::kNameBytes);
  const int64_t threads = js::ReadInteger(env, js::Get(env, options, "threads", "options"), "threads", 0, kMostThreads);
  const napi_value limit = js::Get(env, options, "queueLimit", "options");
  const int64_t queue_limit = js::IsUndefined(env, limit)
                                  ? kDefaultQueueLimit
                                  : js::ReadInteger(env, limit, "queueLimit", 1, kLargestQueueLimit);
  const Mode mode = ReadMode(env, js::Get(env, options, "mode", "options"));
  auto cache = ReadPackedCache(env, options);
  auto shared = ReadSharedBlocks(env, options);
  Environment& environment = Environment::Of(env);
  auto executor = environment.ExecutorFor(backend, static_cast<int>(threads), ReadGpuOptions(env, options));
  auto handle = std::make_unique<StoreHandle>();
  handle->shared = std::make_shared<SharedStore>(std::move(executor), std::move(cache), std::move(shared), mode,
                                                 static_cast<size_t>(queue_limit));
  return NewHandle(env, environment.store_class, std::move(handle));
}

}  // namespace slimnet
