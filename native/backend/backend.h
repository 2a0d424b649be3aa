// The contract between the compiler and whatever computes. One class for each backend, one entry for each op.
//
// A backend knows neither passes nor Node. Its logical tensors are always NHWC / HWIO; other layouts are its own
// business and travel as `Layout`. Everything may throw `Error`; nothing may abort.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/device_ptr.h"
#include "backend/gpu_options.h"
#include "ir/program.h"

namespace slimnet {

// Yes, or no with a reason that is printed.
struct Verdict {
  bool ok = true;
  std::string reason;

  static Verdict Yes() { return {}; }
  static Verdict No(std::string why) { return {false, std::move(why)}; }
  explicit operator bool() const { return ok; }
};

// What only a device that computes on the host's processor has.
struct CpuInfo {
  size_t cache_bytes = 0;    // second-level cache of one core; 0: not known
  int threads = 1;           // cores on which one step is spread
  double bfloat16_rate = 0;  // vectors: products of bfloat16 in the time of one of float32; 0: none, unknown
};

struct DeviceInfo {
  std::string name = {};                   // e.g. "cpu"
  std::string hardware = {};               // e.g. "Intel(R) Xeon(R), avx512_core"
  size_t memory_bytes = 0;                 // 0: not known
  std::vector<std::string> features = {};  // instruction sets, or compute capability
  bool shares_host_memory = false;         // its addresses are the host's (SharedAddress), so nothing need be copied
  bool records = false;                    // its streams record work
  bool gathers_updates = false;            // updates by one rule that follow one another are as quick as one
  std::optional<int> index = {};           // among the devices of its kind, where there can be several
  std::optional<CpuInfo> cpu = {};
};

// Memory of the device, aligned to at least 64 bytes. Freed with the object; no work that is queued may need it then.
class Memory {
 public:
  virtual ~Memory() = default;
  virtual DevicePtr data() const = 0;
  virtual size_t bytes() const = 0;
  // The same bytes for the host to read and write in place; null where it cannot see them.
  virtual std::byte* host() const = 0;
};

// Work of a stream that was recorded, to be queued again and again as a whole. Kernels and memory that it was recorded
// from live as long as it does. Freed when nothing of it is queued.
class RecordedWork {
 public:
  virtual ~RecordedWork() = default;
};

// An ordered queue of work on the device, used by one thread at a time. What is queued may be done later: memory of the
// host and the device that it needs stays as it is until Wait returns or throws.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void Upload(DevicePtr to, std::span<const std::byte> from) = 0;
  virtual void Download(std::span<std::byte> to, DevicePtr from) = 0;
  // Within the device; the two do not overlap.
  virtual void Copy(DevicePtr to, DevicePtr from, size_t bytes) = 0;
  virtual void Fill(DevicePtr to, std::byte value, size_t bytes) = 0;
  // Returns when everything is done. Throws what a step failed with that is done only now: the first failure, which
  // names its node, and behind which nothing of the queue was done. The queue is empty afterwards in either case.
  virtual void Wait() = 0;

  // Where DeviceInfo::records. What is queued between these two is recorded and not done; meanwhile nobody waits,
  // nothing is allocated, and of the host's memory only what is pinned takes part. EndRecording throws what made it
  // fail, and must be called where a step fails in between, too: afterwards the stream does again what it is given.
  virtual void BeginRecording();
  virtual std::unique_ptr<RecordedWork> EndRecording();
  // Queues what was recorded by this stream. Between two waits all comes in the order in which it was recorded, with
  // what was queued directly then queued again.
  virtual void Replay(const RecordedWork& work);
};

// Threads on which a CPU backend may spread one step. Implemented by runtime/thread_pool.
class ParallelFor {
 public:
  virtual ~ParallelFor() = default;
  virtual int threads() const = 0;
  // Runs job(0..jobs-1), each once, and returns when all are done. Jobs must not throw.
  virtual void Run(int jobs, const std::function<void(int)>& job) = 0;
};

// From what random ops draw, besides their seed and the index of an element. Runs with the same position draw the same.
struct DrawPosition {
  uint64_t step = 0;        // the global step, or how many such runs the store has seen before
  uint64_t microbatch = 0;  // the repetition of the microbatch loop: elements are counted over the whole batch
};

// Where one step finds its tensors, in the order of Node::inputs, ::post_ops (null where a post-op has no operand) and
// ::outputs. Read while the step is being queued, and not later: the caller changes them for the next one.
//
// Inputs are read-only. Inputs and outputs of one step do not overlap, but for an in-place add, whose operand is
// outputs[0], for reshape and squeeze, which may be given the same place twice, and for steps that change variables:
// outputs[i] may be the memory of the input at port OpInfo::updates[i].
struct Bindings {
  std::span<const DevicePtr> inputs;
  std::span<const DevicePtr> operands;
  std::span<const DevicePtr> outputs;
  DevicePtr scratch;  // Kernel::scratch_bytes() bytes, 64-byte aligned
  DrawPosition draw;
};

// A step as one executor runs it. Holds what must not be shared between threads.
class Invocation {
 public:
  virtual ~Invocation() = default;
  // No allocation, no waiting. For values that the op cannot take, Error{kExecution}: thrown here by devices that
  // compute at once, by Stream::Wait where the step is done later.
  virtual void Enqueue(Stream& stream, const Bindings& bindings) = 0;
};

// One prepared step: the algorithm is chosen. Immutable and shared by all executors.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual size_t scratch_bytes() const { return 0; }
  // What was chosen, e.g. "brgconv:avx512_core".
  virtual std::string implementation() const = 0;
  virtual std::unique_ptr<Invocation> NewInvocation() const = 0;
};

// The types and layouts of the values around a node.
struct NodeContext {
  const Program& program;
  const Node& node;

  const Value& input(size_t i) const { return program.values[node.inputs[i]]; }
  const Value& output(size_t i) const { return program.values[node.outputs[i]]; }
  const Value& operand(size_t i) const { return program.values[node.post_ops[i].operand]; }
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual const std::string& name() const = 0;
  virtual const DeviceInfo& device() const = 0;

  // May this device compute with such numbers at all? float32 is always yes.
  virtual Verdict Offers(Precision precision) const = 0;
  // Is there code for the op at all? Of an op that a backend leaves out, Supports() and Fuses() say no and Prepare()
  // throws Error{kBackend}.
  virtual bool Has(OpKind op) const = 0;
  // May this node (with its post-ops) run here, its values stored as they say?
  virtual Verdict Supports(const NodeContext& node) const = 0;
  // May the node absorb `next` behind the post-ops that it already has?
  virtual Verdict Fuses(const NodeContext& node, const PostOp& next) const = 0;
  // Layout of a constant input or operand (counted behind them), or of what its maker writes so; null for plain.
  virtual LayoutPtr Prefers(const NodeContext& node, size_t input) const = 0;

  virtual std::unique_ptr<Kernel> Prepare(const NodeContext& node) const = 0;
  // What it holds is not defined. Throws Error{kMemory}.
  virtual std::unique_ptr<Memory> Allocate(size_t bytes) const = 0;
  // Memory of the host that the device reaches by itself, so that copies go on while it and the host do other things.
  // Null where any memory serves as well. Throws Error{kMemory}.
  virtual std::unique_ptr<Memory> AllocatePinned(size_t) const { return nullptr; }
  // What may still be allocated; none where that is not known.
  virtual std::optional<size_t> free_bytes() const { return std::nullopt; }
  // `pool` serves CPU backends and outlives the stream; null: they compute on the thread that calls.
  virtual std::unique_ptr<Stream> NewStream(ParallelFor* pool) const = 0;
};

// Names of the ops that the backend leaves out, among those that are computed at all: sources and moving views are
// placed by the runtime.
std::vector<std::string> OpsLeftOut(const Backend& backend);

struct BackendOptions {
  int threads = 1;  // threads that one step may use
  int index = 0;    // which of several devices
  std::optional<GpuOptions> gpu = {};
};

// One line of the table in registry.cc.
struct BackendEntry {
  std::string name;
  // Empty reason: can be made here. Otherwise why not.
  std::function<Verdict()> available;
  std::function<std::unique_ptr<Backend>(const BackendOptions&)> make;
  // How many devices there are; null: one.
  std::function<int()> devices = {};
  // Whether BackendOptions::gpu mean something to it.
  bool takes_gpu_options = false;
};

// All backends that this build knows, best first.
std::vector<BackendEntry> BackendEntries();

// Makes a backend by name, "cudnn", or "cudnn:1" for another one of its devices than the first. Throws Error{kBackend}
// with the reason when it is unknown or not available, or has no such options.
std::unique_ptr<Backend> MakeBackend(const std::string& name, const BackendOptions& options);

}  // namespace slimnet
