#include "backend/device_exports.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"

namespace slimnet::device_exports {
namespace {

// --- errors --------------------------------------------------------------------------------------------------------

template <size_t kSize>
void Put(char (&to)[kSize], std::string_view text) {
  const size_t size = std::min(text.size(), kSize - 1);
  std::memcpy(to, text.data(), size);
  to[size] = 0;
}

void Report(slimnet_error* error, ErrorCode code, std::string_view message, std::string_view op = {},
            std::string_view node = {}) {
  if (error == nullptr) return;
  Put(error->code, Name(code));
  Put(error->op, op);
  Put(error->node, node);
  Put(error->message, message);
}

// What `body` returns, or `failed` with the error.
template <class Result, class Body>
Result Guarded(slimnet_error* error, Result failed, const Body& body) noexcept {
  try {
    if (error != nullptr) error->code[0] = error->message[0] = error->op[0] = error->node[0] = 0;
    return body();
  } catch (const Error& e) {
    Report(error, e.code(), e.what(), e.op(), e.node());
  } catch (const std::bad_alloc&) {
    Report(error, ErrorCode::kMemory, "Out of memory.");
  } catch (const std::exception& e) {
    Report(error, ErrorCode::kInternal, e.what());
  } catch (...) {
    Report(error, ErrorCode::kInternal, "Something was thrown that is no exception.");
  }
  return failed;
}

int32_t Answer(slimnet_error* error, const Verdict& verdict) {
  if (!verdict && error != nullptr) Put(error->message, verdict.reason);
  return verdict ? 1 : 0;
}

// --- handles -------------------------------------------------------------------------------------------------------

struct OpenedKernel {
  std::unique_ptr<Kernel> kernel;
  std::string implementation;
};

struct OpenedInvocation {
  std::unique_ptr<Invocation> invocation;
  std::vector<DevicePtr> inputs, operands, outputs;
};

template <class Real, class Handle>
Real& Behind(Handle* handle) {
  return *reinterpret_cast<Real*>(handle);
}
template <class Real, class Handle>
const Real& Behind(const Handle* handle) {
  return *reinterpret_cast<const Real*>(handle);
}
template <class Handle, class Real>
Handle* HandleOf(std::unique_ptr<Real> object) {
  return reinterpret_cast<Handle*>(object.release());
}
template <class Real, class Handle>
void Free(Handle* handle) {
  const std::unique_ptr<Real> owned(reinterpret_cast<Real*>(handle));
}

// Calls body(node) with the node that a text holds.
template <class Body>
auto WithNode(const slimnet_backend* handle, const char* text, const Body& body) {
  const auto& opened = Behind<Opened>(handle);
  const Program program = ParseNode(text, opened.layout_named);
  return body(*opened.backend, NodeContext{program, program.nodes.back()});
}

GpuOptions OptionsOf(const slimnet_device_options& given) {
  GpuOptions options;
  if (given.allow_tf32 >= 0) options.allow_tf32 = given.allow_tf32 != 0;
  if (given.deterministic >= 0) options.deterministic = given.deterministic != 0;
  if (given.autotune_seconds >= 0) options.autotune_seconds = given.autotune_seconds;
  if (given.workspace_bytes > 0) options.workspace_bytes = given.workspace_bytes;
  if (given.memory_bytes > 0) options.memory_bytes = given.memory_bytes;
  options.graphs = given.graphs != 0;
  return options;
}

// --- functions -----------------------------------------------------------------------------------------------------

slimnet_device_info Describe(const slimnet_backend* handle) {
  const auto& opened = Behind<Opened>(handle);
  const DeviceInfo& device = opened.backend->device();
  return {device.hardware.c_str(),  opened.features.c_str(), device.memory_bytes,
          device.index.value_or(0), device.records ? 1 : 0,  device.gathers_updates ? 1 : 0};
}

int32_t Has(const slimnet_backend* handle, const char* op) {
  for (int i = 0; i < kOpCount; ++i) {
    const auto kind = static_cast<OpKind>(i);
    if (Info(kind).name == op) return Behind<Opened>(handle).backend->Has(kind) ? 1 : 0;
  }
  return 0;
}

int32_t Offers(const slimnet_backend* handle, const char* precision, slimnet_error* error) {
  return Guarded(error, 0, [&] {
    const auto found = std::ranges::find(kPrecisionNames, precision);
    if (found == kPrecisionNames.end()) return Answer(error, Verdict::No("there is no such precision"));
    const auto wanted = static_cast<Precision>(found - kPrecisionNames.begin());
    return Answer(error, Behind<Opened>(handle).backend->Offers(wanted));
  });
}

int32_t Supports(const slimnet_backend* handle, const char* text, slimnet_error* error) {
  return Guarded(error, 0, [&] {
    return WithNode(handle, text, [&](const Backend& backend, const NodeContext& node) {
      return Answer(error, backend.Supports(node));
    });
  });
}

int32_t Fuses(const slimnet_backend* handle, const char* text, slimnet_error* error) {
  return Guarded(error, 0, [&] {
    return WithNode(handle, text, [&](const Backend& backend, const NodeContext& node) {
      Node before = node.node;
      const PostOp next = before.post_ops.back();
      before.post_ops.pop_back();
      return Answer(error, backend.Fuses({node.program, before}, next));
    });
  });
}

int32_t Prefers(const slimnet_backend* handle, const char* text, uint64_t input, char* name, uint64_t size,
                uint64_t* bytes, slimnet_error* error) {
  return Guarded(error, 0, [&] {
    return WithNode(handle, text, [&](const Backend& backend, const NodeContext& node) {
      const LayoutPtr layout = backend.Prefers(node, input);
      if (!layout) return 0;
      if (layout->name().size() >= size) {
        throw Error(ErrorCode::kInternal, "The name of a layout is too long: " + layout->name());
      }
      std::memcpy(name, layout->name().c_str(), layout->name().size() + 1);
      *bytes = layout->bytes();
      return 1;
    });
  });
}

slimnet_kernel* Prepare(const slimnet_backend* handle, const char* text, slimnet_error* error) {
  return Guarded<slimnet_kernel*>(error, nullptr, [&] {
    return WithNode(handle, text, [&](const Backend& backend, const NodeContext& node) {
      std::unique_ptr<Kernel> kernel = backend.Prepare(node);
      std::string implementation = kernel->implementation();
      return HandleOf<slimnet_kernel>(
          std::make_unique<OpenedKernel>(OpenedKernel{std::move(kernel), std::move(implementation)}));
    });
  });
}

slimnet_invocation* NewInvocation(const slimnet_kernel* handle, slimnet_error* error) {
  return Guarded<slimnet_invocation*>(error, nullptr, [&] {
    auto made = std::make_unique<OpenedInvocation>();
    made->invocation = Behind<OpenedKernel>(handle).kernel->NewInvocation();
    return HandleOf<slimnet_invocation>(std::move(made));
  });
}

void Take(std::vector<DevicePtr>& to, const uint64_t* addresses, uint64_t count) {
  to.resize(count);
  for (uint64_t i = 0; i < count; ++i) to[i] = DevicePtr(addresses[i]);
}

int32_t Enqueue(slimnet_invocation* handle, slimnet_stream* stream, const slimnet_bindings* bindings,
                slimnet_error* error) {
  return Guarded(error, 0, [&] {
    auto& opened = Behind<OpenedInvocation>(handle);
    Take(opened.inputs, bindings->inputs, bindings->input_count);
    Take(opened.operands, bindings->operands, bindings->operand_count);
    Take(opened.outputs, bindings->outputs, bindings->output_count);
    opened.invocation->Enqueue(Behind<Stream>(stream), {opened.inputs,
                                                        opened.operands,
                                                        opened.outputs,
                                                        DevicePtr(bindings->scratch),
                                                        {bindings->draw_step, bindings->draw_microbatch}});
    return 1;
  });
}

template <std::unique_ptr<Memory> (Backend::*kAllocate)(size_t) const>
slimnet_memory* Allocate(const slimnet_backend* handle, uint64_t bytes, uint64_t* address, void** host,
                         slimnet_error* error) {
  return Guarded<slimnet_memory*>(error, nullptr, [&]() -> slimnet_memory* {
    std::unique_ptr<Memory> memory = ((*Behind<Opened>(handle).backend).*kAllocate)(bytes);
    if (!memory) return nullptr;
    *address = memory->data().address();
    *host = memory->host();
    return HandleOf<slimnet_memory>(std::move(memory));
  });
}

int32_t FreeBytes(const slimnet_backend* handle, uint64_t* bytes, slimnet_error* error) {
  return Guarded(error, 0, [&] {
    const std::optional<size_t> found = Behind<Opened>(handle).backend->free_bytes();
    *bytes = found.value_or(0);
    return found ? 1 : 0;
  });
}

slimnet_recorded* EndRecording(slimnet_stream* handle, slimnet_error* error) {
  return Guarded<slimnet_recorded*>(error, nullptr,
                                    [&] { return HandleOf<slimnet_recorded>(Behind<Stream>(handle).EndRecording()); });
}

slimnet_stream* NewStream(const slimnet_backend* handle, slimnet_error* error) {
  return Guarded<slimnet_stream*>(
      error, nullptr, [&] { return HandleOf<slimnet_stream>(Behind<Opened>(handle).backend->NewStream(nullptr)); });
}

template <class Body>
int32_t OnStream(slimnet_stream* handle, slimnet_error* error, const Body& body) {
  return Guarded(error, 0, [&] {
    body(Behind<Stream>(handle));
    return 1;
  });
}

}  // namespace

int32_t Count(const DeviceSource& source, slimnet_error* error) {
  return Guarded(error, -1, [&] { return source.count(); });
}

slimnet_backend* Open(const DeviceSource& source, int32_t index, const slimnet_device_options& options,
                      slimnet_error* error) {
  return Guarded<slimnet_backend*>(error, nullptr, [&] {
    auto opened = std::make_unique<Opened>();
    opened->backend = source.make(index, OptionsOf(options));
    opened->layout_named = source.layout_named;
    for (const std::string& feature : opened->backend->device().features) opened->features += feature + "\n";
    return HandleOf<slimnet_backend>(std::move(opened));
  });
}

slimnet_device_library Table() {
  slimnet_device_library table{};
  table.version = SLIMNET_DEVICE_LIBRARY_VERSION;
  table.slimnet_version = SLIMNET_VERSION;
  table.close = [](slimnet_backend* handle) { Free<Opened>(handle); };
  table.describe = Describe;
  table.has = Has;
  table.offers = Offers;
  table.supports = Supports;
  table.fuses = Fuses;
  table.prefers = Prefers;
  table.prepare = Prepare;
  table.free_kernel = [](slimnet_kernel* handle) { Free<OpenedKernel>(handle); };
  table.scratch_bytes = [](const slimnet_kernel* handle) -> uint64_t {
    return Behind<OpenedKernel>(handle).kernel->scratch_bytes();
  };
  table.implementation = [](const slimnet_kernel* handle) {
    return Behind<OpenedKernel>(handle).implementation.c_str();
  };
  table.new_invocation = NewInvocation;
  table.free_invocation = [](slimnet_invocation* handle) { Free<OpenedInvocation>(handle); };
  table.enqueue = Enqueue;
  table.allocate = Allocate<&Backend::Allocate>;
  table.allocate_pinned = Allocate<&Backend::AllocatePinned>;
  table.free_bytes = FreeBytes;
  table.free_memory = [](slimnet_memory* handle) { Free<Memory>(handle); };
  table.new_stream = NewStream;
  table.free_stream = [](slimnet_stream* handle) { Free<Stream>(handle); };
  table.upload = [](slimnet_stream* handle, uint64_t to, const void* from, uint64_t bytes, slimnet_error* error) {
    return OnStream(handle, error, [&](Stream& stream) {
      stream.Upload(DevicePtr(to), {static_cast<const std::byte*>(from), bytes});
    });
  };
  table.download = [](slimnet_stream* handle, void* to, uint64_t from, uint64_t bytes, slimnet_error* error) {
    return OnStream(handle, error,
                    [&](Stream& stream) { stream.Download({static_cast<std::byte*>(to), bytes}, DevicePtr(from)); });
  };
  table.copy = [](slimnet_stream* handle, uint64_t to, uint64_t from, uint64_t bytes, slimnet_error* error) {
    return OnStream(handle, error, [&](Stream& stream) { stream.Copy(DevicePtr(to), DevicePtr(from), bytes); });
  };
  table.fill = [](slimnet_stream* handle, uint64_t to, uint8_t value, uint64_t bytes, slimnet_error* error) {
    return OnStream(handle, error, [&](Stream& stream) { stream.Fill(DevicePtr(to), std::byte{value}, bytes); });
  };
  table.wait = [](slimnet_stream* handle, slimnet_error* error) {
    return OnStream(handle, error, [](Stream& stream) { stream.Wait(); });
  };
  table.begin_recording = [](slimnet_stream* handle, slimnet_error* error) {
    return OnStream(handle, error, [](Stream& stream) { stream.BeginRecording(); });
  };
  table.end_recording = EndRecording;
  table.replay = [](slimnet_stream* handle, const slimnet_recorded* work, slimnet_error* error) {
    return OnStream(handle, error, [&](Stream& stream) { stream.Replay(Behind<RecordedWork>(work)); });
  };
  table.free_recorded = [](slimnet_recorded* handle) { Free<RecordedWork>(handle); };
  return table;
}

}  // namespace slimnet::device_exports
