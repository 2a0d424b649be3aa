#include "runtime/prologue.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>
#include <variant>

#include "base/error.h"
#include "ir/reads.h"
#include "runtime/allocate.h"
#include "runtime/constant_values.h"
#include "runtime/drain.h"
#include "runtime/expression_key.h"
#include "runtime/not_numbers.h"
#include "runtime/transfers.h"

namespace slimnet {
namespace {

void Merge(std::vector<size_t>& into, const std::vector<size_t>& from) {
  std::vector<size_t> both;
  std::set_union(into.begin(), into.end(), from.begin(), from.end(), std::back_inserter(both));
  into = std::move(both);
}

// Everything by which machines and their libraries differ.
std::string MachineText(const DeviceInfo& device) {
  std::string text = device.name + "\n" + device.hardware;
  for (const std::string& feature : device.features) text += "\n" + feature;
  return text;
}

}  // namespace

Prologue::Prologue(const ExecutionPlan& plan, Stream& stream)
    : plan_(plan),
      program_(plan.program),
      store_(*plan.store),
      uses_(program_),
      kept_of_(program_.values.size(), -1),
      read_by_steps_(program_.values.size(), false),
      constants_(program_.values.size()) {
  MakeConstants(stream);
  FindKept();
}

void Prologue::MakeConstants(Stream& stream) {
  for (const Node& node : program_.nodes) {
    if (node.op != OpKind::kConstant) continue;
    const ValueId value = node.outputs[0];
    const TensorType& type = program_.values[At(value)].type;
    auto memory = Allocate(store_.backend(), ByteSize(type));
    const std::vector<std::byte> bytes = ConstantBytes(type, std::get<ConstantAttrs>(node.attrs).values);
    stream.Upload(memory->data(), bytes);
    stream.Wait();
    constants_[At(value)] = std::move(memory);
  }
}

void Prologue::FindKept() {
  std::vector<std::vector<size_t>> sources(program_.values.size());
  std::vector<bool> made_here(program_.values.size(), false);
  for (const Node& node : program_.nodes) {
    if (node.op == OpKind::kVariable) {
      sources[At(node.outputs[0])] = {static_cast<size_t>(plan_.variable_of[At(node.outputs[0])])};
    }
    if (!node.prologue || node.op == OpKind::kVariable || node.op == OpKind::kConstant) continue;
    std::vector<size_t> all;
    ForEachRead(node, [&](ValueId read) { Merge(all, sources[At(read)]); });
    for (const ValueId output : node.outputs) {
      sources[At(output)] = all;
      made_here[At(output)] = StorageOf(program_, output) == output;
    }
  }
  const std::vector<std::string> keys = ExpressionKeys(program_);
  const auto keep = [&](ValueId read) {
    const ValueId value = StorageOf(program_, read);
    if (!made_here[At(value)] || constants_[At(value)] || kept_of_[At(value)] >= 0) return;
    kept_of_[At(value)] = static_cast<int32_t>(kept_.size());
    std::vector<size_t> from = sources[At(value)];
    std::sort(from.begin(), from.end(), [&](size_t a, size_t b) { return plan_.slots[a] < plan_.slots[b]; });
    kept_.push_back({value, keys[At(value)], std::move(from), store_.Packed(keys[At(value)])});
  };
  for (const Node& node : program_.nodes) {
    if (node.prologue) continue;
    ForEachRead(node, keep);
    ForEachRead(node, [&](ValueId read) { read_by_steps_[At(StorageOf(program_, read))] = true; });
  }
  for (const ProgramOutput& output : program_.outputs) keep(output.value);
}

DevicePtr Prologue::Data(ValueId storage) const {
  if (constants_[At(storage)]) return constants_[At(storage)]->data();
  const int32_t index = kept_of_[At(storage)];
  if (index < 0) return {};
  const auto& memory = kept_[static_cast<size_t>(index)].packed->memory;
  return memory ? memory->data() : DevicePtr();
}

size_t Prologue::bytes() const {
  size_t sum = 0;
  for (const auto& memory : constants_) sum += memory ? memory->bytes() : 0;
  for (const Kept& kept : kept_) sum += kept.packed->bytes.load(std::memory_order_relaxed);
  return sum;
}

// Blocks for what lives only during one evaluation; given back blocks serve again.
class Prologue::TemporaryPool {
 public:
  TemporaryPool(const Backend& backend, Stream& stream) : backend_(backend), stream_(stream) {}

  std::unique_ptr<Memory> Take(size_t bytes) {
    const auto by_size = [](const auto& a, const auto& b) { return a->bytes() < b->bytes(); };
    std::sort(free_.begin(), free_.end(), by_size);
    const auto fits = std::find_if(free_.begin(), free_.end(), [&](const auto& m) { return m->bytes() >= bytes; });
    if (fits != free_.end()) {
      auto memory = std::move(*fits);
      free_.erase(fits);
      return memory;
    }
    if (!free_.empty()) {
      stream_.Wait();    // queued steps may use it
      free_.pop_back();  // too small for this one and likely for the next: do not pile up
    }
    return Allocate(backend_, bytes);
  }
  void Give(std::unique_ptr<Memory> memory) { free_.push_back(std::move(memory)); }

 private:
  const Backend& backend_;
  Stream& stream_;
  std::vector<std::unique_ptr<Memory>> free_;
};

// One pass over the nodes that the stale results need.
class Prologue::Evaluation {
 public:
  Evaluation(Prologue& prologue, const Store::View& view, Stream& stream, DevicePtr arena)
      : prologue_(prologue),
        program_(prologue.program_),
        view_(view),
        stream_(stream),
        arena_(arena),
        temporaries_(prologue.store_.backend(), stream),
        stale_(program_.values.size(), false),
        needed_(program_.nodes.size(), false),
        last_reader_(program_.values.size(), -1),
        blocks_(program_.values.size()),
        drain_(stream) {}

  // True when anything is to be done.
  bool Plan() {
    bool any = false;
    for (const Kept& kept : prologue_.kept_) {
      if (!prologue_.IsStale(kept, view_)) continue;
      any = true;
      kept.packed->computed = false;
      stale_[At(kept.value)] = true;
      needed_[Producer(kept.value)] = true;
    }
    if (!any) return false;
    for (size_t i = program_.nodes.size(); i-- > 0;) {  // readers come after what they read
      if (needed_[i]) ForEachRead(program_.nodes[i], [&](ValueId read) { Need(read, i); });
    }
    return true;
  }

  // Whether anything that is to be done reads a variable.
  bool Reads(ValueId variable) const { return last_reader_[At(variable)] >= 0; }

  void Run(const std::atomic<bool>& cancelled) {
    for (size_t i = 0; i < program_.nodes.size(); ++i) {
      if (!needed_[i]) continue;
      if (cancelled.load(std::memory_order_relaxed)) throw Error(ErrorCode::kAborted, "The run was aborted.");
      RunNode(i);
    }
    stream_.Wait();
    for (Kept& kept : prologue_.kept_) {
      if (stale_[At(kept.value)]) prologue_.Note(kept, view_);
    }
  }

 private:
  size_t Producer(ValueId value) const { return static_cast<size_t>(prologue_.uses_.producer[At(value)]); }

  void Need(ValueId read, size_t reader) {
    const ValueId value = StorageOf(program_, read);
    last_reader_[At(value)] = std::max(last_reader_[At(value)], static_cast<int32_t>(reader));
    if (prologue_.plan_.variable_of[At(value)] >= 0 || prologue_.constants_[At(value)]) return;
    if (prologue_.kept_of_[At(value)] >= 0 && !stale_[At(value)]) return;  // there already
    needed_[Producer(value)] = true;
  }

  DevicePtr DataOf(ValueId read) {
    const ValueId value = StorageOf(program_, read);
    if (const int32_t variable = prologue_.plan_.variable_of[At(value)]; variable >= 0) {
      return view_.memory[static_cast<size_t>(variable)]->data();
    }
    if (blocks_[At(value)]) return blocks_[At(value)]->data();
    const DevicePtr data = prologue_.Data(value);
    if (!data) {
      throw Error(ErrorCode::kInternal, "The prologue reads value %" + std::to_string(read) + " before it is made.");
    }
    return data;
  }

  void RunNode(size_t index) {
    const Node& node = program_.nodes[index];
    for (const ValueId output : node.outputs) {
      if (StorageOf(program_, output) == output) MakeRoom(output);
    }
    if (prologue_.plan_.nodes[index].invocation) Enqueue(index);
    for (const ValueId output : node.outputs) ShareKept(output);
    ForEachRead(node, [&](ValueId read) { Leave(StorageOf(program_, read), index); });
    for (const ValueId output : node.outputs) {
      if (last_reader_[At(output)] < 0) Leave(output, index);  // a second result that nobody wants
    }
  }

  void MakeRoom(ValueId output) {
    const size_t bytes = program_.values[At(output)].bytes();
    const int32_t kept = prologue_.kept_of_[At(output)];
    if (kept < 0) {
      blocks_[At(output)] = temporaries_.Take(bytes);
      return;
    }
    prologue_.store_.MakeRoom(*prologue_.kept_[static_cast<size_t>(kept)].packed, bytes);
  }

  // At once, so that what is made of a large network is never in memory as a whole.
  void ShareKept(ValueId output) {
    const int32_t index = prologue_.kept_of_[At(output)];
    if (index < 0 || prologue_.store_.shared_blocks() == nullptr) return;
    const Kept& kept = prologue_.kept_[static_cast<size_t>(index)];
    if (!AllHashed(kept, view_)) return;
    stream_.Wait();
    prologue_.store_.shared_blocks()->Share(*kept.packed->memory);
  }

  void Enqueue(size_t index) {
    const Node& node = program_.nodes[index];
    std::vector<DevicePtr> inputs;
    std::vector<DevicePtr> operands;
    std::vector<DevicePtr> outputs;
    for (const ValueId input : node.inputs) inputs.push_back(DataOf(input));
    for (const PostOp& post : node.post_ops) {
      operands.push_back(post.operand == kNoValue ? DevicePtr() : DataOf(post.operand));
    }
    for (const ValueId output : node.outputs) outputs.push_back(DataOf(output));
    Bindings bindings{inputs, operands, outputs, {}, {}};
    if (node.scratch.kind == Place::Kind::kArena) bindings.scratch = arena_ + node.scratch.offset;
    try {
      prologue_.plan_.nodes[index].invocation->Enqueue(stream_, bindings);
    } catch (Error& error) {
      throw error.At(Info(node.op).name, node.name);
    }
  }

  void Leave(ValueId value, size_t index) {
    if (!blocks_[At(value)] || last_reader_[At(value)] > static_cast<int32_t>(index)) return;
    temporaries_.Give(std::move(blocks_[At(value)]));
  }

  Prologue& prologue_;
  const Program& program_;
  const Store::View& view_;
  Stream& stream_;
  DevicePtr arena_;
  TemporaryPool temporaries_;
  std::vector<bool> stale_;                      // by value
  std::vector<bool> needed_;                     // by node
  std::vector<int32_t> last_reader_;             // by value: node index
  std::vector<std::unique_ptr<Memory>> blocks_;  // by value: temporaries
  const Drain drain_;
};

bool Prologue::IsStale(const Kept& kept, const Store::View& view) const {
  if (!kept.packed->computed) return true;
  for (size_t i = 0; i < kept.sources.size(); ++i) {
    if (kept.packed->versions[i] != view.versions[kept.sources[i]]) return true;
  }
  return false;
}

void Prologue::Note(Kept& kept, const Store::View& view) const {
  kept.packed->versions.clear();
  for (const size_t source : kept.sources) kept.packed->versions.push_back(view.versions[source]);
  kept.packed->computed = true;
}

bool Prologue::AllHashed(const Kept& kept, const Store::View& view) {
  return std::all_of(kept.sources.begin(), kept.sources.end(),
                     [&](size_t source) { return view.contents[source].has_value(); });
}

std::vector<Prologue::Storable> Prologue::FindStorable(const Store::View& view) {
  std::vector<Storable> storable;
  if (store_.packed_cache() == nullptr) return storable;
  const std::string machine = MachineText(store_.backend().device()) + store_.packed_cache()->build();
  for (Kept& kept : kept_) {
    if (kept.expression.empty() || !IsStale(kept, view) || !AllHashed(kept, view)) continue;
    std::string text = machine + "\n" + kept.expression;
    for (const size_t source : kept.sources) text += "\n" + HexOf(*view.contents[source]);
    storable.push_back({&kept, HashOf(text)});
  }
  return storable;
}

bool Prologue::Load(const std::vector<Storable>& storable, const Store::View& view, ParallelFor& pool) {
  std::vector<PackedTarget> targets;
  std::vector<HostStaging> staged;
  for (const Storable& each : storable) {
    PackedConstant& packed = *each.kept->packed;
    const size_t bytes = program_.values[At(each.kept->value)].bytes();
    packed.computed = false;
    store_.MakeRoom(packed, bytes);
    staged.emplace_back(*packed.memory, bytes);
    targets.push_back({each.key, staged.back().bytes()});
  }
  if (!store_.packed_cache()->Load(targets, pool)) return false;
  for (const HostStaging& each : staged) each.Finish(store_.transfers());
  for (const Storable& each : storable) {
    Note(*each.kept, view);
    if (store_.shared_blocks() != nullptr) store_.shared_blocks()->Share(*each.kept->packed->memory);
  }
  return true;
}

void Prologue::Save(const std::vector<Storable>& storable) {
  std::vector<PackedBlock> blocks;
  for (const Storable& each : storable) {
    const std::shared_ptr<Memory>& memory = each.kept->packed->memory;
    const size_t bytes = program_.values[At(each.kept->value)].bytes();
    blocks.push_back({each.key, memory, HostView(*memory, bytes, store_.transfers())});
  }
  store_.packed_cache()->Save(std::move(blocks));
}

void Prologue::CheckVariables(const Store::View& view, ParallelFor& pool,
                              const std::function<bool(ValueId)>& wanted) const {
  if (program_.precision.precision != Precision::kInt8) return;
  for (const Node& node : program_.nodes) {
    if (node.op != OpKind::kVariable || !wanted(node.outputs[0])) continue;
    const TensorType& type = program_.values[At(node.outputs[0])].type;
    if (type.dtype != DType::kFloat32) continue;
    const auto position = static_cast<size_t>(plan_.variable_of[At(node.outputs[0])]);
    const HostView numbers(*view.memory[position], ByteSize(type), store_.transfers());
    const auto count = static_cast<size_t>(ElementCount(type.shape));
    if (!AnyNotFinite(pool, reinterpret_cast<const float*>(numbers.bytes().data()), count)) continue;
    const std::string& name = std::get<VariableAttrs>(node.attrs).name;
    throw Error(ErrorCode::kExecution,
                "Variable " + name + " has values that are NaN or infinite, which precision int8 cannot hold.")
        .At("variable", name);
  }
}

void Prologue::Refresh(const Store::View& view, const ExecutorResources& resources, DevicePtr arena,
                       const std::atomic<bool>& cancelled) {
  const std::vector<Storable> storable = FindStorable(view);
  const bool found = !storable.empty() && Load(storable, view, resources.pool);
  Evaluation evaluation(*this, view, resources.stream, arena);
  const bool any = evaluation.Plan();
  CheckVariables(view, resources.pool, [&](ValueId variable) {
    // What steps read themselves is asked for only when a variable has changed.
    return evaluation.Reads(variable) || read_by_steps_[At(variable)];
  });
  if (any) evaluation.Run(cancelled);
  if (!storable.empty() && !found) Save(storable);
}

}  // namespace slimnet
