#include "backends/device_library/device_library.h"

#include <array>
#include <cstring>
#include <span>
#include <sstream>
#include <utility>
#include <vector>

#include "base/error.h"
#include "ir/node_text.h"

namespace slimnet {
namespace {

constexpr std::array kAllCodes{
    ErrorCode::kArgument, ErrorCode::kShape,     ErrorCode::kPlan,   ErrorCode::kCompile,
    ErrorCode::kBackend,  ErrorCode::kExecution, ErrorCode::kImage,  ErrorCode::kDisposed,
    ErrorCode::kAborted,  ErrorCode::kQueueFull, ErrorCode::kMemory, ErrorCode::kInternal,
};

// Large, and made for each call: none is kept.
class Answer {
 public:
  Answer() : error_(std::make_unique<slimnet_error>()) {}
  slimnet_error* out() { return error_.get(); }

  [[noreturn]] void Throw() const {
    for (const ErrorCode code : kAllCodes) {
      if (Name(code) == error_->code) throw Error(code, error_->message).At(error_->op, error_->node);
    }
    throw Error(ErrorCode::kInternal, error_->message);
  }
  // Of a question that was answered with no.
  Verdict No() const {
    if (error_->code[0] != 0) Throw();
    return Verdict::No(error_->message);
  }

 private:
  std::unique_ptr<slimnet_error> error_;
};

template <class Handle, void (*slimnet_device_library::*kFree)(Handle*)>
class Owned {
 public:
  Owned(const slimnet_device_library& library, Handle* handle) : library_(&library), handle_(handle) {}
  ~Owned() {
    if (handle_ != nullptr) (library_->*kFree)(handle_);
  }
  Owned(Owned&& other) noexcept : library_(other.library_), handle_(std::exchange(other.handle_, nullptr)) {}
  Owned& operator=(Owned&&) = delete;
  Handle* get() const { return handle_; }
  const slimnet_device_library& library() const { return *library_; }

 private:
  const slimnet_device_library* library_;
  Handle* handle_;
};

using OwnedBackend = Owned<slimnet_backend, &slimnet_device_library::close>;
using OwnedKernel = Owned<slimnet_kernel, &slimnet_device_library::free_kernel>;
using OwnedInvocation = Owned<slimnet_invocation, &slimnet_device_library::free_invocation>;
using OwnedMemory = Owned<slimnet_memory, &slimnet_device_library::free_memory>;
using OwnedRecorded = Owned<slimnet_recorded, &slimnet_device_library::free_recorded>;
using OwnedStream = Owned<slimnet_stream, &slimnet_device_library::free_stream>;

class LibraryMemory final : public Memory {
 public:
  LibraryMemory(OwnedMemory memory, uint64_t address, void* host, size_t bytes)
      : memory_(std::move(memory)), address_(address), host_(static_cast<std::byte*>(host)), bytes_(bytes) {}
  DevicePtr data() const override { return address_; }
  size_t bytes() const override { return bytes_; }
  std::byte* host() const override { return host_; }

 private:
  OwnedMemory memory_;
  DevicePtr address_;
  std::byte* host_;
  size_t bytes_;
};

class LibraryRecordedWork final : public RecordedWork {
 public:
  explicit LibraryRecordedWork(OwnedRecorded work) : work_(std::move(work)) {}
  const slimnet_recorded* get() const { return work_.get(); }

 private:
  OwnedRecorded work_;
};

class LibraryStream final : public Stream {
 public:
  explicit LibraryStream(OwnedStream stream) : stream_(std::move(stream)) {}

  void Upload(DevicePtr to, std::span<const std::byte> from) override {
    if (!table().upload(get(), to.address(), from.data(), from.size(), answer_.out())) answer_.Throw();
  }
  void Download(std::span<std::byte> to, DevicePtr from) override {
    if (!table().download(get(), to.data(), from.address(), to.size(), answer_.out())) answer_.Throw();
  }
  void Copy(DevicePtr to, DevicePtr from, size_t bytes) override {
    if (!table().copy(get(), to.address(), from.address(), bytes, answer_.out())) answer_.Throw();
  }
  void Fill(DevicePtr to, std::byte value, size_t bytes) override {
    if (!table().fill(get(), to.address(), static_cast<uint8_t>(value), bytes, answer_.out())) answer_.Throw();
  }
  void Wait() override {
    if (!table().wait(get(), answer_.out())) answer_.Throw();
  }
  void BeginRecording() override {
    if (!table().begin_recording(get(), answer_.out())) answer_.Throw();
  }
  std::unique_ptr<RecordedWork> EndRecording() override {
    slimnet_recorded* made = table().end_recording(get(), answer_.out());
    if (made == nullptr) answer_.Throw();
    return std::make_unique<LibraryRecordedWork>(OwnedRecorded(table(), made));
  }
  void Replay(const RecordedWork& work) override {
    if (!table().replay(get(), static_cast<const LibraryRecordedWork&>(work).get(), answer_.out())) answer_.Throw();
  }

  slimnet_stream* get() const { return stream_.get(); }
  Answer& answer() { return answer_; }

 private:
  const slimnet_device_library& table() const { return stream_.library(); }

  OwnedStream stream_;
  Answer answer_;  // a stream is used by one thread at a time
};

class LibraryInvocation final : public Invocation {
 public:
  explicit LibraryInvocation(OwnedInvocation invocation) : invocation_(std::move(invocation)) {}

  void Enqueue(Stream& stream, const Bindings& b) override {
    auto& queue = static_cast<LibraryStream&>(stream);
    Take(inputs_, b.inputs);
    Take(operands_, b.operands);
    Take(outputs_, b.outputs);
    const slimnet_bindings bindings{.inputs = inputs_.data(),
                                    .operands = operands_.data(),
                                    .outputs = outputs_.data(),
                                    .input_count = inputs_.size(),
                                    .operand_count = operands_.size(),
                                    .output_count = outputs_.size(),
                                    .scratch = b.scratch.address(),
                                    .draw_step = b.draw.step,
                                    .draw_microbatch = b.draw.microbatch};
    if (!invocation_.library().enqueue(invocation_.get(), queue.get(), &bindings, queue.answer().out())) {
      queue.answer().Throw();
    }
  }

 private:
  static void Take(std::vector<uint64_t>& to, std::span<const DevicePtr> from) {
    to.resize(from.size());
    for (size_t i = 0; i < from.size(); ++i) to[i] = from[i].address();
  }

  OwnedInvocation invocation_;
  std::vector<uint64_t> inputs_, operands_, outputs_;
};

class LibraryKernel final : public Kernel {
 public:
  explicit LibraryKernel(OwnedKernel kernel) : kernel_(std::move(kernel)) {}
  size_t scratch_bytes() const override { return kernel_.library().scratch_bytes(kernel_.get()); }
  std::string implementation() const override { return kernel_.library().implementation(kernel_.get()); }
  std::unique_ptr<Invocation> NewInvocation() const override {
    Answer answer;
    slimnet_invocation* made = kernel_.library().new_invocation(kernel_.get(), answer.out());
    if (made == nullptr) answer.Throw();
    return std::make_unique<LibraryInvocation>(OwnedInvocation(kernel_.library(), made));
  }

 private:
  OwnedKernel kernel_;
};

// A layout of the library's, known by its name.
class LibraryLayout final : public Layout {
 public:
  LibraryLayout(std::string name, size_t bytes) : name_(std::move(name)), bytes_(bytes) {}
  const std::string& name() const override { return name_; }
  size_t bytes() const override { return bytes_; }

 private:
  std::string name_;
  size_t bytes_;
};

class LibraryBackend final : public Backend {
 public:
  LibraryBackend(OwnedBackend backend, std::string name, std::string device)
      : name_(std::move(name)), backend_(std::move(backend)) {
    const slimnet_device_info info = table().describe(get());
    device_.name = std::move(device);
    device_.hardware = info.hardware;
    device_.memory_bytes = info.memory_bytes;
    device_.index = info.index;
    device_.records = info.records != 0;
    device_.gathers_updates = info.gathers_updates != 0;
    std::istringstream features(info.features);
    for (std::string line; std::getline(features, line);) device_.features.push_back(line);
  }

  const std::string& name() const override { return name_; }
  const DeviceInfo& device() const override { return device_; }

  Verdict Offers(Precision precision) const override {
    Answer answer;
    const std::string wanted(Name(precision));
    return table().offers(get(), wanted.c_str(), answer.out()) ? Verdict::Yes() : answer.No();
  }
  bool Has(OpKind op) const override { return table().has(get(), std::string(Info(op).name).c_str()) != 0; }
  Verdict Supports(const NodeContext& node) const override {
    Answer answer;
    return table().supports(get(), PrintNode(node.program, node.node).c_str(), answer.out()) ? Verdict::Yes()
                                                                                             : answer.No();
  }
  Verdict Fuses(const NodeContext& node, const PostOp& next) const override {
    Answer answer;
    Node fused = node.node;
    fused.post_ops.push_back(next);
    return table().fuses(get(), PrintNode(node.program, fused).c_str(), answer.out()) ? Verdict::Yes() : answer.No();
  }
  LayoutPtr Prefers(const NodeContext& node, size_t input) const override {
    Answer answer;
    std::array<char, 512> layout{};
    uint64_t bytes = 0;
    if (table().prefers(get(), PrintNode(node.program, node.node).c_str(), input, layout.data(), layout.size(), &bytes,
                        answer.out())) {
      return std::make_shared<LibraryLayout>(layout.data(), bytes);
    }
    static_cast<void>(answer.No());
    return nullptr;
  }

  std::unique_ptr<Kernel> Prepare(const NodeContext& node) const override {
    Answer answer;
    slimnet_kernel* made = table().prepare(get(), PrintNode(node.program, node.node).c_str(), answer.out());
    if (made == nullptr) answer.Throw();
    return std::make_unique<LibraryKernel>(OwnedKernel(table(), made));
  }
  std::unique_ptr<Memory> Allocate(size_t bytes) const override {
    Answer answer;
    auto memory = Allocated(table().allocate, bytes, answer);
    if (!memory) answer.Throw();
    return memory;
  }
  std::unique_ptr<Memory> AllocatePinned(size_t bytes) const override {
    Answer answer;
    auto memory = Allocated(table().allocate_pinned, bytes, answer);
    if (!memory) static_cast<void>(answer.No());
    return memory;
  }
  std::optional<size_t> free_bytes() const override {
    Answer answer;
    uint64_t bytes = 0;
    if (table().free_bytes(get(), &bytes, answer.out())) return bytes;
    static_cast<void>(answer.No());
    return std::nullopt;
  }
  std::unique_ptr<Stream> NewStream(ParallelFor*) const override {
    Answer answer;
    slimnet_stream* made = table().new_stream(get(), answer.out());
    if (made == nullptr) answer.Throw();
    return std::make_unique<LibraryStream>(OwnedStream(table(), made));
  }

 private:
  const slimnet_device_library& table() const { return backend_.library(); }
  slimnet_backend* get() const { return backend_.get(); }
  // Null where the function gave nothing.
  std::unique_ptr<Memory> Allocated(decltype(slimnet_device_library::allocate) allocate, size_t bytes,
                                    Answer& answer) const {
    uint64_t address = 0;
    void* host = nullptr;
    slimnet_memory* made = allocate(get(), bytes, &address, &host, answer.out());
    if (made == nullptr) return nullptr;
    return std::make_unique<LibraryMemory>(OwnedMemory(table(), made), address, host, bytes);
  }

  std::string name_;
  OwnedBackend backend_;
  DeviceInfo device_;
};

}  // namespace

std::string Mismatch(const slimnet_device_library& library) {
  if (library.version != SLIMNET_DEVICE_LIBRARY_VERSION) {
    return "it speaks version " + std::to_string(library.version) +
           " of the interface of device libraries, and slimnet " + std::string(SLIMNET_VERSION) + " speaks version " +
           std::to_string(SLIMNET_DEVICE_LIBRARY_VERSION);
  }
  if (std::strcmp(library.slimnet_version, SLIMNET_VERSION) != 0) {
    return "it belongs to slimnet " + std::string(library.slimnet_version) + ", and this is slimnet " + SLIMNET_VERSION;
  }
  return "";
}

std::unique_ptr<Backend> OpenDevice(const slimnet_device_library& library, std::string name, std::string device,
                                    int index, const GpuOptions& options) {
  if (const std::string problem = Mismatch(library); !problem.empty()) {
    throw Error(ErrorCode::kBackend, "The library of " + device + " cannot be used: " + problem + ".");
  }
  const auto flag = [](std::optional<bool> option) { return option ? static_cast<int32_t>(*option) : -1; };
  const slimnet_device_options crossing{.allow_tf32 = flag(options.allow_tf32),
                                        .deterministic = flag(options.deterministic),
                                        .autotune_seconds = options.autotune_seconds.value_or(-1),
                                        .workspace_bytes = options.workspace_bytes.value_or(0),
                                        .memory_bytes = options.memory_bytes.value_or(0),
                                        .graphs = options.graphs ? 1 : 0};
  Answer answer;
  slimnet_backend* opened = library.open(index, &crossing, answer.out());
  if (opened == nullptr) answer.Throw();
  return std::make_unique<LibraryBackend>(OwnedBackend(library, opened), std::move(name), std::move(device));
}

}  // namespace slimnet
